// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attention that is split over the context has the bits of the kernels that compute rows: contexts around the
// ends of segments, types of the cache, ragged batches with padding rows, and more segments than workgroups.
#include "tests/passes/targets/cpu/AttentionRun.h"

#include "gtest/gtest.h"

using namespace cria;
using namespace cria::cpu;
using namespace cria::cpu::test;

namespace {

constexpr int64_t kSegmentPositions = 512;

/// The kernels of one shape.
struct SplitKernels {
  SplitKernels(const Isa &isa, const AttentionSpec &shape)
      : tokens(shape), row(shape), segments(shape), merge(shape), library(isa, [&](mlir::ModuleOp kernels) {
          row.singleRow = true;
          segments.part = AttentionSpec::Part::segments;
          merge.part = AttentionSpec::Part::merge;
          for (const AttentionSpec &spec : {row, segments, merge}) {
            emitAttention(kernels, isa, spec);
          }
          if (tokens.name() != row.name()) {
            emitAttention(kernels, isa, tokens);
          }
        }) {}

  AttentionSpec tokens, row, segments, merge;
  KernelLibrary library;
};

/// Whether exactly the results of segments that rows have are written.
void expectOnlyOwnSegments(const AttentionSpec &spec, const Batch &batch, const std::vector<float> &partial) {
  for (size_t i = 0; i < partial.size(); ++i) {
    const int64_t part = int64_t(i) / spec.resultSize(), segment = part % spec.segments(),
                  row = part / spec.segments() / spec.tiles();
    const bool isOwn = batch.sequences[row] >= 0 && segment * kSegmentPositions <= batch.positions[row];
    ASSERT_EQ(std::isnan(partial[i]), !isOwn) << spec.name() << " row " << row << " segment " << segment;
  }
}

void expectBitsOfRows(const Isa &isa, const AttentionSpec &shape, Batch batch, bool withPadding) {
  SCOPED_TRACE(isa.name.str() + " " + shape.name());
  SplitKernels kernels(isa, shape);
  Random random(shape.kv.headDim);
  Buffer<float> query = randomFloats(batch.rows() * shape.heads * shape.kv.headDim, random);
  Buffer<std::byte> cache = randomCache(shape.kv, batch.numPages, random);
  if (withPadding) {
    batch.sequences.back() = -1;
  }
  AttentionRun split(shape, batch, query.data(), cache.data());
  split.run(kernels.library, kernels.segments);
  expectOnlyOwnSegments(kernels.segments, batch, split.partial());
  split.run(kernels.library, kernels.merge);
  for (const AttentionSpec &spec : {kernels.row, kernels.tokens}) {
    EXPECT_TRUE(
        sameBits(split.output(), runAttention(kernels.library, spec, batch, query.data(), cache.data())))
        << spec.name();
  }
}

TEST(SplitAttention, HasTheBitsOfRowsAtEachContext) {
  const DenormalsAreZero scope;
  for (const Isa *isa : runnableIsas()) {
    for (const ElementType type : {ElementType::f32, ElementType::f16, ElementType::i8}) {
      const AttentionSpec shape{.kv = {1, 2, 32, type}, .heads = 8, .scale = 0.5f, .maxPages = 40};
      Random random(1);
      // Sequences of 1, 511, 512, 513 and 1100 positions, of which the last is in the step.
      expectBitsOfRows(*isa, shape, Batch({{0, 1}, {510, 1}, {511, 1}, {512, 1}, {1099, 1}}, 40, random),
                       /*withPadding=*/false);
    }
  }
}

TEST(SplitAttention, HasTheBitsOfRowsInRaggedBatchesWithPadding) {
  const DenormalsAreZero scope;
  for (const Isa *isa : runnableIsas()) {
    for (const AttentionSpec &shape :
         {AttentionSpec{.kv = {1, 1, 64, ElementType::f16}, .heads = 8, .scale = 0.1f, .maxPages = 40},
          AttentionSpec{.kv = {2, 1, 80, ElementType::f32}, .heads = 3, .scale = 0.5f, .maxPages = 33},
          AttentionSpec{.kv = {1, 1, 16, ElementType::i8}, .heads = 16, .scale = 0.5f, .maxPages = 64},
          AttentionSpec{.kv = {2, 2, 10, ElementType::i8}, .heads = 2, .scale = 0.5f, .maxPages = 34}}) {
      Random random(2);
      // A decode in the third segment, chunks across the end of the first, a prompt, and the row to pad.
      expectBitsOfRows(*isa, shape, Batch({{1030, 1}, {505, 20}, {0, 9}, {900, 2}}, shape.maxPages, random),
                       /*withPadding=*/true);
    }
  }
}

// A context of 40 segments, in 32 workgroups: at its end, some compute two segments; at its beginning, most
// compute none.
TEST(SplitAttention, HasTheBitsOfRowsWithMoreSegmentsThanWorkgroups) {
  const DenormalsAreZero scope;
  for (const Isa *isa : runnableIsas()) {
    const AttentionSpec shape{.kv = {1, 1, 16, ElementType::f16}, .heads = 8, .scale = 0.5f, .maxPages = 640};
    ASSERT_GT(shape.segments(), shape.splits());
    Random random(3);
    std::vector<std::pair<int64_t, int64_t>> sequences(12, {30, 1}); // the batch has 64 pages for each
    sequences[0] = {640 * kPage - 1, 1};
    sequences[1] = {700, 1};
    expectBitsOfRows(*isa, shape, Batch(sequences, shape.maxPages, random), /*withPadding=*/false);
  }
}

} // namespace
