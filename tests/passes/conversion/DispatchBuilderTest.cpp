// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Views, shared kernels and constants of DispatchBuilder.

#include "passes/targets/DispatchBuilder.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace cria;

namespace {

class DispatchBuilderTest : public testing::Test {
protected:
  DispatchBuilderTest() {
    context_.loadDialect<llama::LlamaDialect, program::ProgramDialect, func::FuncDialect>();
    module_ = ModuleOp::create(UnknownLoc::get(&context_));
    auto limits = program::LimitsAttr::get(&context_, 8, 2, 8, 4, 128);
    auto kv = program::KvAttr::get(&context_, 32, 4096, Float16Type::get(&context_));
    program_ = std::make_unique<ProgramBuilder>(*module_, "test", limits, kv);
    entry_ = program_->addEntry(module_->getLoc(), "prefill", 1, 8);
  }

  MLIRContext context_;
  OwningOpRef<ModuleOp> module_;
  std::unique_ptr<ProgramBuilder> program_;
  program::EntryOp entry_;
};

TEST_F(DispatchBuilderTest, ColumnsAreAWindowOfTheirSource) {
  DispatchBuilder builder(*program_, entry_);
  View whole = builder.temporary("x", Float32Type::get(&context_), {program::kNumTokens, 24});
  EXPECT_EQ(whole.size, 8 * 24 * 4);
  View part = columnsOf(whole, 16, 4);
  EXPECT_EQ(part.buffer, whole.buffer);
  EXPECT_EQ(part.offset, 64);
  EXPECT_EQ(part.columns(), 4);
  EXPECT_EQ(part.strides[0], 24);
  // From the first element of the first row to the last one of the last row.
  EXPECT_EQ(part.size, (7 * 24 + 4) * 4);
  EXPECT_EQ(part.size, program::spanBytes(part.type, part.shape, part.strides, program_->limits()));
}

TEST_F(DispatchBuilderTest, GridFollowsTheRows) {
  View view{.buffer = "x",
            .type = Float32Type::get(&context_),
            .shape = {program::kNumTokens, 4},
            .strides = {4, 1}};
  GridDim dim = gridOverRows(view, 6);
  EXPECT_EQ(dim.times, 1);
  EXPECT_EQ(dim.of, program::kNumTokens);
  EXPECT_EQ(dim.tile, 6);
  view.shape[0] = 13;
  dim = gridOverRows(view, 6);
  EXPECT_EQ(dim.times, 3);
  EXPECT_EQ(dim.of, 1);
}

TEST_F(DispatchBuilderTest, KernelsAreBuiltOncePerName) {
  DispatchBuilder builder(*program_, entry_);
  int built = 0;
  auto build = [&](OpBuilder &body) {
    ++built;
    func::FuncOp::create(body, body.getUnknownLoc(), "copy", body.getFunctionType({}, {})).setPrivate();
    return success();
  };
  FailureOr<KernelRef> first = builder.getOrCreateKernel("copy", {.scratchBytes = 64}, build);
  FailureOr<KernelRef> second = builder.getOrCreateKernel("copy", {.scratchBytes = 64}, build);
  ASSERT_TRUE(succeeded(first) && succeeded(second));
  EXPECT_EQ(*first, *second);
  EXPECT_EQ(built, 1);
  EXPECT_TRUE(failed(builder.getOrCreateKernel("broken", {}, [](OpBuilder &) { return failure(); })));
}

TEST_F(DispatchBuilderTest, OpsWithEqualParametersAreOneKernel) {
  DispatchBuilder builder(*program_, entry_);
  Builder attributes(&context_);
  auto layer = [&](int64_t value) {
    return attributes.getNamedAttr("layer", attributes.getI64IntegerAttr(value));
  };
  EXPECT_EQ(builder.getOrCreateOp("attention", layer(0)), builder.getOrCreateOp("attention", layer(0)));
  EXPECT_NE(builder.getOrCreateOp("attention", layer(0)), builder.getOrCreateOp("attention", layer(1)));
  EXPECT_NE(builder.getOrCreateOp("attention", layer(0)), builder.getOrCreateOp("kv_append", layer(0)));
}

TEST_F(DispatchBuilderTest, EqualConstantsAreHeldOnce) {
  DispatchBuilder builder(*program_, entry_);
  View first = builder.constants({1, 2, 3});
  View second = builder.constants({4});
  View again = builder.constants({1, 2, 3});
  EXPECT_EQ(first.offset, 0);
  EXPECT_EQ(first.size, 12);
  EXPECT_EQ(second.offset, 64);
  EXPECT_EQ(again.offset, 0);
  program_->finish();
  auto buffers = module_->getOps<program::BufferOp>();
  ASSERT_EQ(llvm::range_size(buffers), 1);
  program::BufferOp buffer = *buffers.begin();
  EXPECT_EQ(buffer.getSymName(), first.buffer);
  EXPECT_EQ(int64_t(buffer.getSize()), 128);
}

TEST_F(DispatchBuilderTest, NamesNeverMeet) {
  EXPECT_EQ(program_->uniqueName("x"), "x");
  EXPECT_EQ(program_->uniqueName("x"), "x.0");
  EXPECT_EQ(program_->uniqueName("x"), "x.1");
  EXPECT_NE(program_->uniqueName("step"), "step");
  EXPECT_NE(program_->uniqueName("kv"), "kv");
}

TEST_F(DispatchBuilderTest, KvPagesReachToTheEnd) {
  DispatchBuilder builder(*program_, entry_);
  View pages = builder.kvPages(2048, {2, 32}, {512, 1});
  EXPECT_EQ(pages.size, program::kRest);
  EXPECT_EQ(pages.offset, 2048);
  EXPECT_EQ(pages.shape, (SmallVector<int64_t, 4>{program::kNumPages, 2, 32}));
  EXPECT_EQ(pages.strides, (SmallVector<int64_t, 4>{2048, 512, 1}));
}

TEST_F(DispatchBuilderTest, PanelsHoldPaddedRows) {
  auto type =
      llama::WeightType::get(&context_, {65, 8}, WeightFormat::f16).withLayout(llama::WeightLayout::panel16);
  OpBuilder body = OpBuilder::atBlockEnd(module_->getBody());
  auto weight = program::WeightOp::create(
      body, module_->getLoc(), "w", type, 128 * 8 * 2,
      llama::CheckpointAttr::get(&context_, "w", WeightFormat::f16, {65, 8}), false);
  WeightView whole = viewOf(weight);
  const View &view = whole.dense();
  EXPECT_EQ(view.buffer, "w");
  EXPECT_EQ(view.shape, (SmallVector<int64_t, 4>{8, 8, 16}));
  EXPECT_EQ(view.strides, (SmallVector<int64_t, 4>{128, 16, 1}));
  EXPECT_EQ(view.size, 128 * 8 * 2);
  EXPECT_EQ(whole.logical, type);
}

} // namespace
