// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The reference backend against formulas in double precision: the ops with a KV cache, over ragged batches,
// grouped queries, page boundaries, padding rows and views of one qkv buffer. Unused slots hold NaN.
#include "ExpectClose.h"
#include "RandomCalls.h"

#include <gtest/gtest.h>

using namespace cria::conformance;

namespace {

constexpr double kAttention = 1e-5; // relative to the largest magnitude
constexpr uint32_t kWrite = CRIA_ACCESS_WRITE;

// One unit in the last place, because the op rounds an f32 result and the formula a double; and the roundings
// of a rotation's f32 terms (magnitudes up to 5), which stay when the terms cancel.
double cacheTolerance(uint32_t type, double expected) {
  constexpr double kTermRoundings = 1e-6;
  return std::ldexp(std::fabs(expected), -floatFormat(type).mantissaBits) + kTermRoundings;
}

std::vector<bool> paddingRows(const OpCall &call) {
  std::vector<bool> padding;
  for (uint64_t row = 0; row < call["sequences"].rows(); ++row) {
    padding.push_back(call["sequences"].integer(row) < 0);
  }
  return padding;
}

void expectCache(const OpCall &call, const std::vector<double> &before) {
  const std::vector<double> &found = call["cache"].array->values;
  const std::vector<double> expected = expectedCache(call, before);
  const uint32_t type = call["cache"].array->type;
  for (size_t i = 0; i < found.size(); ++i) {
    if (std::isnan(expected[i])) {
      ASSERT_TRUE(std::isnan(found[i])) << "element " << i << " of the cache was written";
    } else {
      ASSERT_NEAR(found[i], expected[i], cacheTolerance(type, expected[i])) << i;
    }
  }
}

struct Case {
  uint64_t group; // query heads per KV head
  uint32_t cacheType;
};

class ReferenceAttention : public testing::TestWithParam<Case> {
protected:
  Device device{Backend::named("reference")};
  Random random{7};

  CacheShape randomCache() {
    CacheShape cache;
    cache.layers = random.between(1, 3);
    cache.layer = random.between(0, cache.layers - 1);
    cache.kvHeads = random.between(1, 3);
    cache.headDim = 2 * random.between(1, 16);
    cache.pageTokens = random.coin() ? 32 : random.between(1, 8);
    cache.type = GetParam().cacheType;
    return cache;
  }
  Batch batchFor(const CacheShape &cache) {
    return randomBatch(random, {.sequences = random.between(1, 4),
                                .maxPast = random.coin() ? 3 * cache.pageTokens : 0,
                                .maxNew = random.between(1, cache.pageTokens + 3),
                                .paddingRows = random.between(0, 2),
                                .pageTokens = cache.pageTokens});
  }
  void addStep(const Batch &batch, OpCall &call) {
    call.arguments.insert(call.arguments.end(), {{"positions", batch.positions},
                                                 {"sequences", batch.sequences},
                                                 {"sequence_starts", batch.sequenceStarts},
                                                 {"block_table", batch.blockTable}});
  }
  uint64_t queryWidth(const CacheShape &cache) const {
    return GetParam().group * cache.kvHeads * cache.headDim;
  }
};

INSTANTIATE_TEST_SUITE_P(Groups, ReferenceAttention,
                         testing::Values(Case{1, CRIA_TYPE_F32}, Case{1, CRIA_TYPE_F16},
                                         Case{2, CRIA_TYPE_F16}, Case{4, CRIA_TYPE_F16},
                                         Case{8, CRIA_TYPE_BF16}),
                         [](const auto &info) {
                           return "of" + std::to_string(info.param.group) + "type" +
                                  std::to_string(info.param.cacheType);
                         });

constexpr int kTrials = 12;

TEST_P(ReferenceAttention, KvAppend) {
  for (int trial = 0; trial < kTrials; ++trial) {
    const CacheShape cache = randomCache();
    const Batch batch = batchFor(cache);
    const uint64_t width = cache.kvHeads * cache.headDim;
    OpCall call{"kv_append",
                {{"key", randomMatrix(random, batch.rows, width)},
                 {"value", randomMatrix(random, batch.rows, width)},
                 {"slots", batch.slots}},
                {}};
    addCache(random, batch, cache, kWrite, call);
    const std::vector<double> before = call["cache"].array->values;
    const Outcome outcome = run(device, call);
    ASSERT_TRUE(outcome.ok()) << outcome.message;
    expectCache(call, before);
  }
}

TEST_P(ReferenceAttention, Attention) {
  for (int trial = 0; trial < kTrials; ++trial) {
    const CacheShape cache = randomCache();
    Batch batch = batchFor(cache);
    for (uint64_t row = 0; row < batch.rows; ++row) { // the rows' own keys were appended by an earlier op
      if (batch.slots.integer(row) >= 0) {
        batch.pastSlots.push_back(static_cast<uint64_t>(batch.slots.integer(row)));
      }
    }
    OpCall call{"attention", {{"query", randomMatrix(random, batch.rows, queryWidth(cache))}}, {}};
    addStep(batch, call);
    addCache(random, batch, cache, CRIA_ACCESS_READ, call);
    call.attributes.push_back(floatAttribute("scale", 1 / std::sqrt(double(cache.headDim))));
    call.arguments.push_back({"output", resultMatrix(random, batch.rows, queryWidth(cache)), kWrite});
    const Outcome outcome = run(device, call);
    ASSERT_TRUE(outcome.ok()) << outcome.message;
    expectClose(call["output"], expectedOutput(call), kAttention, paddingRows(call));
    expectGapsUntouched(call["output"]);
  }
}

// Columns first .. first+columns-1 of a matrix.
View slice(const View &whole, uint64_t first, uint64_t columns) {
  return {whole.array, whole.first + first, {whole.rows(), columns}, whole.strides};
}

TEST_P(ReferenceAttention, RopeAttentionOnOneQkvBuffer) {
  for (int trial = 0; trial < kTrials; ++trial) {
    const CacheShape cache = randomCache();
    const Batch batch = batchFor(cache);
    const uint64_t query = queryWidth(cache), key = cache.kvHeads * cache.headDim;
    const View qkv = randomMatrix(random, batch.rows, query + 2 * key);
    OpCall call{"rope_attention",
                {{"query", slice(qkv, 0, query)},
                 {"key", slice(qkv, query, key)},
                 {"value", slice(qkv, query + key, key)},
                 {"table", ropeTable(batch.maxPosition + 1, cache.headDim)},
                 {"slots", batch.slots}},
                {}};
    addStep(batch, call);
    addCache(random, batch, cache, CRIA_ACCESS_READ_WRITE, call);
    call.attributes.push_back(floatAttribute("scale", 1 / std::sqrt(double(cache.headDim))));
    call.arguments.push_back({"output", resultMatrix(random, batch.rows, query), kWrite});
    const std::vector<double> before = call["cache"].array->values;
    const Outcome outcome = run(device, call);
    ASSERT_TRUE(outcome.ok()) << outcome.message;
    expectCache(call, before);
    expectClose(call["output"], expectedOutput(call), kAttention, paddingRows(call));
    expectGapsUntouched(call["output"]);
  }
}

} // namespace
