// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compares rotary embedding, KV append and attention with scalar code: head sizes, groupings, ragged batches,
// segments, and equal bits for any batching of rows.
#include "tests/passes/targets/cpu/AttentionRun.h"

#include "gtest/gtest.h"

#include <map>

using namespace cria;
using namespace cria::cpu;
using namespace cria::cpu::test;

namespace {

struct Shape {
  KvLayout kv;
  int64_t heads;
};

std::vector<float> scalarAttention(const AttentionSpec &spec, const Batch &batch, const float *query,
                                   std::byte *data) {
  const KvLayout &kv = spec.kv;
  const ScalarCache cache(kv, data);
  std::vector<float> output;
  for (int64_t t = 0; t < batch.rows(); ++t) {
    for (int64_t h = 0; h < spec.heads; ++h) {
      int64_t kvHead = h / (spec.heads / kv.kvHeads);
      std::vector<double> scores, sums(kv.headDim);
      auto slotOf = [&](int64_t p) {
        return batch.table[batch.sequences[t] * batch.maxPages + p / kPage] * kPage + p % kPage;
      };
      for (int64_t p = 0; p <= batch.positions[t]; ++p) {
        double score = 0;
        for (int64_t d = 0; d < kv.headDim; ++d) {
          score += double(query[(t * spec.heads + h) * kv.headDim + d]) *
                   cache.load(Part::keys, kvHead, slotOf(p), d);
        }
        scores.push_back(score * spec.scale);
      }
      double maximum = *std::max_element(scores.begin(), scores.end()), total = 0;
      for (int64_t p = 0; p <= batch.positions[t]; ++p) {
        double weight = std::exp(scores[p] - maximum);
        total += weight;
        for (int64_t d = 0; d < kv.headDim; ++d) {
          sums[d] += weight * cache.load(Part::values, kvHead, slotOf(p), d);
        }
      }
      for (double sum : sums) {
        output.push_back(static_cast<float>(sum / total));
      }
    }
  }
  return output;
}

const std::vector<Shape> &shapes() {
  static const std::vector<Shape> all = {
      {{2, 2, 32, ElementType::f16}, 4},  {{1, 4, 64, ElementType::f16}, 32},
      {{1, 2, 128, ElementType::f16}, 2}, {{2, 1, 80, ElementType::f32}, 3},
      {{1, 1, 16, ElementType::f32}, 8},  {{1, 2, 96, ElementType::f16}, 24},
      {{1, 2, 10, ElementType::f32}, 2},  {{1, 3, 24, ElementType::f16}, 3},
      {{2, 2, 32, ElementType::i8}, 4},   {{1, 4, 64, ElementType::i8}, 32},
      {{1, 1, 90, ElementType::i8}, 3},   {{2, 2, 10, ElementType::i8}, 2},
  };
  return all;
}

TEST(Attention, EqualsTheScalarSoftmax) {
  DenormalsAreZero scope;
  std::map<std::string, std::vector<float>> firstLevel;
  for (const Isa *isa : runnableIsas()) {
    for (const Shape &shape : shapes()) {
      AttentionSpec spec{.kv = shape.kv, .heads = shape.heads, .scale = 0.5f, .maxPages = 40};
      AttentionSpec single = spec;
      single.singleRow = true;
      KernelLibrary library(*isa, [&](mlir::ModuleOp kernels) {
        emitAttention(kernels, *isa, spec);
        if (spec.name() != single.name()) {
          emitAttention(kernels, *isa, single);
        }
      });
      Random random(shape.kv.headDim);
      // Two prompts, a decode in the third segment, a chunk that ends at a segment, one across its end, and
      // one without rows.
      Batch batch({{0, 9}, {0, 70}, {1100, 1}, {500, 12}, {505, 20}, {31, 2}}, spec.maxPages, random);
      Buffer<float> query = randomFloats(batch.rows() * spec.heads * spec.kv.headDim, random);
      Buffer<std::byte> cache = randomCache(spec.kv, batch.numPages, random);
      std::vector<float> all = runAttention(library, spec, batch, query.data(), cache.data());
      EXPECT_TRUE(close(all, scalarAttention(spec, batch, query.data(), cache.data()), 2e-5f))
          << isa->name.str() << " " << spec.name();
      EXPECT_TRUE(sameBits(all, runAttention(library, single, batch, query.data(), cache.data())))
          << isa->name.str() << " " << spec.name();
      // Another instruction set level runs the same chains.
      EXPECT_TRUE(sameBits(all, firstLevel.emplace(spec.name(), all).first->second))
          << isa->name.str() << " " << spec.name();
      // Chunks of three rows, which mix sequences differently.
      std::vector<float> chunked;
      for (int32_t at = 0; at < batch.rows(); at += 3) {
        std::vector<int32_t> rows;
        for (int32_t r = at; r < std::min<int64_t>(at + 3, batch.rows()); ++r) {
          rows.push_back(r);
        }
        std::vector<float> part = runAttention(library, spec, batch, query.data(), cache.data(), rows);
        chunked.insert(chunked.end(), part.begin(), part.end());
      }
      EXPECT_TRUE(sameBits(all, chunked)) << isa->name.str() << " " << spec.name();
    }
  }
}

TEST(Attention, LaterSlotsAndPaddingRowsDoNotMatter) {
  DenormalsAreZero scope;
  for (const Isa *isa : runnableIsas()) {
    for (auto [heads, type] :
         {std::pair{2, ElementType::f32}, {16, ElementType::f32}, {2, ElementType::i8}}) {
      AttentionSpec spec{.kv = {1, 2, 32, type}, .heads = heads, .scale = 0.2f, .maxPages = 4};
      KernelLibrary library(*isa, [&](mlir::ModuleOp kernels) { emitAttention(kernels, *isa, spec); });
      Random random(3);
      Batch batch({{40, 1}, {3, 5}}, spec.maxPages, random);
      Buffer<float> query = randomFloats(batch.rows() * spec.heads * spec.kv.headDim, random);
      Buffer<std::byte> cache = randomCache(spec.kv, batch.numPages, random);
      std::vector<float> clean = runAttention(library, spec, batch, query.data(), cache.data());
      // Poison what comes after position 40 of the first sequence, and make the last row padding.
      const std::vector<float> nans(spec.kv.headDim, kNan);
      for (int64_t slot = 9; slot < kPage; ++slot) {
        for (const Part part : {Part::keys, Part::values}) {
          ScalarCache(spec.kv, cache.data()).store(part, 0, batch.table[1] * kPage + slot, nans);
        }
      }
      batch.sequences.back() = -1;
      std::vector<float> poisoned = runAttention(library, spec, batch, query.data(), cache.data());
      int64_t width = spec.heads * spec.kv.headDim;
      std::fill(clean.end() - width, clean.end(), 0.0f);
      EXPECT_TRUE(sameBits(poisoned, clean)) << isa->name.str() << " " << spec.name();
    }
  }
}

// rope_append writes what rope and kv_append write, and both write what scalar code writes.
TEST(Rope, AppendEqualsRotatingFirst) {
  DenormalsAreZero scope;
  for (const Isa *isa : runnableIsas()) {
    for (const Shape &shape : shapes()) {
      const KvLayout &kv = shape.kv;
      int64_t dim = kv.headDim, queryWidth = shape.heads * dim, width = kv.kvHeads * dim,
              stride = queryWidth + 2 * width;
      KvAppendSpec fused{.kv = kv,
                         .rotate = true,
                         .heads = shape.heads,
                         .queryStride = stride,
                         .keyStride = stride,
                         .valueStride = stride};
      fused.keyOffset = queryWidth % 16, fused.valueOffset = (queryWidth + width) % 16;
      RopeSpec rotateQuery{.heads = shape.heads, .headDim = dim, .inputStride = stride};
      RopeSpec rotateKey{
          .heads = kv.kvHeads, .headDim = dim, .inputStride = stride, .inputOffset = fused.keyOffset};
      KvAppendSpec append{.kv = kv, .valueStride = stride, .valueOffset = fused.valueOffset};
      KernelLibrary library(*isa, [&](mlir::ModuleOp kernels) {
        emitKvAppend(kernels, fused);
        emitKvAppend(kernels, append);
        emitRope(kernels, rotateQuery);
        if (rotateKey.name() != rotateQuery.name()) {
          emitRope(kernels, rotateKey);
        }
      });
      Random random(dim);
      Batch batch({{0, 5}, {60, 7}}, 4, random);
      batch.slots[2] = -1;
      int64_t rows = batch.rows();
      Buffer<float> qkv = randomFloats(rows * stride, random), table = randomFloats(128 * dim, random);
      Buffer<int32_t> positions = toBuffer(batch.positions), slots = toBuffer(batch.slots);
      auto aligned = [&](int64_t column) { return qkv.data() + column / 16 * 16; };
      Buffer<float> query(rows * queryWidth, kNan), query2(rows * queryWidth, kNan), key(rows * width, kNan);
      Buffer<float> scratch(scratchBytesOf(fused) / 4, kNan);
      Buffer<std::byte> cache(batch.numPages * kv.pageBytes(), std::byte{0x3c}),
          cache2(cache.size(), std::byte{0x3c});
      Buffer<std::byte> expected(cache.size(), std::byte{0x3c});
      auto call = [&](const std::string &name, std::vector<void *> bindings) {
        for (int64_t row = 0; row < rows; ++row) {
          library.kernel(name)(bindings.data(), scratch.data(), row, 0, 0);
        }
      };
      void *k = aligned(queryWidth), *v = aligned(queryWidth + width);
      auto scales = [&](Buffer<std::byte> &of) { return ScalarCache(kv, of.data()).scales(); };
      call(fused.name(), {qkv.data(), k, v, table.data(), positions.data(), slots.data(), cache.data(),
                          query.data(), scales(cache)});
      call(rotateQuery.name(), {qkv.data(), positions.data(), table.data(), query2.data()});
      call(rotateKey.name(), {k, positions.data(), table.data(), key.data()});
      call(append.name(), {key.data(), v, slots.data(), cache2.data(), scales(cache2)});
      for (int64_t t = 0; t < rows; ++t) {
        for (int64_t h = 0; h < kv.kvHeads && batch.slots[t] >= 0; ++h) {
          const ScalarCache vectors(kv, expected.data());
          const float *value = qkv.data() + t * stride + queryWidth + width + h * dim;
          vectors.store(Part::keys, h, batch.slots[t], {key.data() + t * width + h * dim, size_t(dim)});
          vectors.store(Part::values, h, batch.slots[t], {value, size_t(dim)});
        }
      }
      std::string what = isa->name.str() + " " + fused.name();
      EXPECT_TRUE(std::memcmp(cache.data(), expected.data(), cache.size()) == 0) << what;
      EXPECT_TRUE(std::memcmp(cache2.data(), expected.data(), cache.size()) == 0) << what;
      EXPECT_TRUE(sameBits({query.begin(), query.end()}, {query2.begin(), query2.end()})) << what;
      std::vector<float> rotated;
      for (int64_t i = 0; i < rows * queryWidth; ++i) {
        int64_t t = i / queryWidth, d = i % dim, half = dim / 2, j = d % half;
        const float *x = qkv.data() + t * stride + i % queryWidth - d,
                    *row = table.data() + batch.positions[t] * dim;
        float c = row[j], s = row[half + j];
        rotated.push_back(d < half ? std::fma(x[d], c, -(x[d + half] * s))
                                   : std::fma(x[d], c, x[d - half] * s));
      }
      EXPECT_TRUE(sameBits({query.begin(), query.end()}, rotated)) << what;
      EXPECT_TRUE(query.intact() && cache.intact() && key.intact() && scratch.intact());
    }
  }
}

/// Vectors of `dim` columns with the cases of format/KvCodec.h: scales of 0, subnormal, largest and too
/// large, ties, NaN and infinities.
std::vector<std::vector<float>> hardVectors(int64_t dim) {
  const float infinity = std::numeric_limits<float>::infinity();
  std::vector<std::vector<float>> vectors;
  for (const float largest :
       {0.0f, -0.0f, 1e-40f, 0x1p-26f, 127 * 0x1p-25f, 128 * 0x1p-25f, 127 * 0x1p-24f, 177 * 0x1p-24f, 1.0f,
        -127.0f, 8319008.0f, 8321200.0f, 3e38f, infinity, -infinity, kNan, -kNan}) {
    vectors.emplace_back(dim, largest / 3);
    vectors.back()[0] = std::isfinite(largest) ? largest / 127 / 2 : 1.0f; // a tie, or about one
    vectors.back()[dim - 1] = largest;
  }
  return vectors;
}

void copyVectors(const ScalarCache &from, const ScalarCache &to, const KvLayout &kv, int64_t numPages) {
  std::vector<float> vector(kv.headDim);
  for (int64_t slot = 0; slot < numPages * kPage; ++slot) {
    for (int64_t head = 0; head < kv.kvHeads; ++head) {
      for (const Part part : {Part::keys, Part::values}) {
        for (int64_t d = 0; d < kv.headDim; ++d) {
          vector[d] = from.load(part, head, slot, d);
        }
        to.store(part, head, slot, vector);
      }
    }
  }
}

TEST(KvCodes, AppendEncodesHardVectorsAsTheDefinition) {
  DenormalsAreZero scope;
  for (const Isa *isa : runnableIsas()) {
    for (const int64_t dim : {16, 10, 40}) {
      KvAppendSpec append{.kv = {1, 1, dim, ElementType::i8}};
      const KvLayout kv{append.kv};
      KernelLibrary library(*isa, [&](mlir::ModuleOp kernels) { emitKvAppend(kernels, append); });
      Buffer<std::byte> cache(kv.pageBytes(), std::byte{0x3c}), expected(kv.pageBytes(), std::byte{0x3c});
      const std::vector<std::vector<float>> vectors = hardVectors(dim);
      for (size_t i = 0; i < vectors.size(); ++i) {
        Buffer<float> key = toBuffer(vectors[i]), value = toBuffer(vectors[vectors.size() - 1 - i]);
        Buffer<int32_t> slots(1, int32_t(i));
        void *bindings[] = {key.data(), value.data(), slots.data(), cache.data(),
                            ScalarCache(kv, cache.data()).scales()};
        library.kernel(append.name())(bindings, nullptr, 0, 0, 0);
        ScalarCache(kv, expected.data()).store(Part::keys, 0, slots[0], {key.begin(), key.end()});
        ScalarCache(kv, expected.data()).store(Part::values, 0, slots[0], {value.begin(), value.end()});
      }
      EXPECT_EQ(std::memcmp(cache.data(), expected.data(), cache.size()), 0) << isa->name.str() << " " << dim;
    }
  }
}

// Attention reads codes as f32(d) · q, and computes as on a cache that holds these values in f32.
TEST(KvCodes, AttentionHasTheBitsOfACacheOfTheirValues) {
  DenormalsAreZero scope;
  for (const Isa *isa : runnableIsas()) {
    for (const Shape &shape : shapes()) {
      AttentionSpec spec{.kv = shape.kv, .heads = shape.heads, .scale = 0.5f, .maxPages = 20}, wide = spec;
      if (!spec.kv.hasScales()) {
        continue;
      }
      wide.kv.type = ElementType::f32;
      KernelLibrary library(*isa, [&](mlir::ModuleOp kernels) {
        emitAttention(kernels, *isa, spec);
        emitAttention(kernels, *isa, wide);
      });
      Random random(shape.kv.headDim);
      Batch batch({{0, 9}, {530, 12}}, spec.maxPages, random);
      Buffer<float> query = randomFloats(batch.rows() * spec.heads * spec.kv.headDim, random);
      Buffer<std::byte> codes = randomCache(spec.kv, batch.numPages, random),
                        values(batch.numPages * wide.kv.pageBytes(), std::byte{0});
      copyVectors({spec.kv, codes.data()}, {wide.kv, values.data()}, spec.kv, batch.numPages);
      EXPECT_TRUE(sameBits(runAttention(library, spec, batch, query.data(), codes.data()),
                           runAttention(library, wide, batch, query.data(), values.data())))
          << isa->name.str() << " " << spec.name();
    }
  }
}

} // namespace
