// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Recipes of a frontend with other tensor names and interleaved rotary pairs.
#include "frontends/Recipes.h"

#include "frontends/Frontend.h"
#include "ir/LlamaDialect.h"

#include "llvm/Support/raw_ostream.h"

#include <gmock/gmock.h>

using namespace cria;

namespace {

class OtherFrontend : public Frontend {
public:
  std::string_view name() const override { return "other"; }
  std::string_view description() const override { return "a file"; }
  bool accepts(const std::string &) const override { return true; }
  StatusOr<Checkpoint> open(const std::string &, const OpenOptions &) const override { return Checkpoint(); }
  TensorRecipe recipe(LlamaTensor tensor, const ModelConfig &config) const override {
    const bool isRotated = tensor.role == TensorRole::attnQ;
    return {.tensor = "blk/" + weightNameOf(tensor), .interleavedHeads = isRotated ? config.heads : 0};
  }
};

class OneType : public TensorReader {
public:
  explicit OneType(Tensors tensors) : tensors_(std::move(tensors)) {}
  const Tensors &tensors() const override { return tensors_; }
  Status readRows(std::string_view, int64_t, int64_t, std::span<std::byte>) const override { return {}; }

private:
  Tensors tensors_;
};

std::string textOf(mlir::Attribute attribute) {
  std::string text;
  llvm::raw_string_ostream(text) << attribute;
  return text;
}

class RecipesTest : public ::testing::Test {
protected:
  RecipesTest() {
    context_.loadDialect<llama::LlamaDialect>();
    checkpoint_.frontend = &frontend_;
    checkpoint_.config = {
        .dim = 8, .layers = 1, .heads = 2, .kvHeads = 2, .headDim = 4, .ffnDim = 8, .vocabSize = 4};
    checkpoint_.tensors = std::make_shared<OneType>(
        TensorReader::Tensors{{"blk/layers.0.q", {.format = WeightFormat::bf16, .shape = {8, 8}}},
                              {"blk/layers.0.k", {.format = WeightFormat::f16, .shape = {8, 8}}}});
  }

  mlir::MLIRContext context_;
  OtherFrontend frontend_;
  Checkpoint checkpoint_;
};

TEST_F(RecipesTest, UseTheNamesOfTheFrontend) {
  EXPECT_EQ(textOf(checkpointRecipe(context_, checkpoint_, {TensorRole::attnK, 0})),
            "#llama.checkpoint<\"blk/layers.0.k\", f16, [8, 8]>");
}

TEST_F(RecipesTest, PermuteInterleavedHeads) {
  EXPECT_EQ(textOf(checkpointRecipe(context_, checkpoint_, {TensorRole::attnQ, 0})),
            "#llama.permute_rope<#llama.checkpoint<\"blk/layers.0.q\", bf16, [8, 8]>, heads = 2>");
}

TEST_F(RecipesTest, RandomWeightsKeepTheSpellingOfHuggingFace) {
  EXPECT_EQ(textOf(randomRecipe(context_, 7, checkpoint_.config, {TensorRole::attnQ, 0})),
            "#llama.random<7, \"model.layers.0.self_attn.q_proj.weight\", 8 x 8>");
  EXPECT_EQ(textOf(randomRecipe(context_, 7, checkpoint_.config, {TensorRole::norm})), "#llama.ones<8>");
}

} // namespace
