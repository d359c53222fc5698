// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Appends to the KV cache and computes attention over it. An operand `cache` is one layer of all pages:
// [page][K, V][kv_head][page_tokens][head_dim].
#include "Ops.h"

#include <cria_plugin.hpp>

#include <algorithm>
#include <cblas.h>
#include <cmath>
#include <vector>

static float *entryOf(const OpOperand &cache, uint64_t slot, bool isValue, uint64_t kvHead) {
  const uint64_t tokens = cache.shape[3];
  return cache.floats() + slot / tokens * cache.strides[0] + (isValue ? cache.strides[1] : 0) +
         kvHead * cache.strides[2] + slot % tokens * cache.strides[3];
}

void runKvAppend(const OpCall &call) {
  const OpOperand &cache = call["cache"], &key = call["key"], &value = call["value"];
  const uint64_t headDim = cache.shape[4];
  for (uint64_t row = 0; row < key.shape[0]; ++row) {
    const int32_t slot = call["slots"].integers()[row];
    for (uint64_t head = 0; slot >= 0 && head < cache.shape[2]; ++head) { // -1: a padding row is not stored
      std::copy_n(rowOf(key, row) + head * headDim, headDim,
                  entryOf(cache, static_cast<uint64_t>(slot), false, head));
      std::copy_n(rowOf(value, row) + head * headDim, headDim,
                  entryOf(cache, static_cast<uint64_t>(slot), true, head));
    }
  }
}

namespace {

/// The attention of one token for one query head: scores for all positions up to its own, their softmax, and
/// the weighted sum of the values.
class HeadAttention {
public:
  HeadAttention(const OpCall &call, uint64_t sequence, uint64_t length, std::vector<float> &weights)
      : cache_(call["cache"]),
        pages_(call["block_table"].integers() + sequence * call["block_table"].strides[0]), length_(length),
        scale_(static_cast<float>(call.number("scale"))), weights_(weights) {}

  void run(const float *query, uint64_t kvHead, float *out) const {
    const auto headDim = static_cast<int>(cache_.shape[4]);
    weights_.resize(length_);
    for (uint64_t p = 0; p < length_; ++p) {
      weights_[p] = scale_ * cblas_sdot(headDim, query, 1, entryOf(cache_, slotOf(p), false, kvHead), 1);
    }
    const float highest = *std::max_element(weights_.begin(), weights_.end());
    float sum = 0;
    for (float &weight : weights_) {
      weight = std::exp(weight - highest);
      sum += weight;
    }
    std::fill_n(out, headDim, 0.0f);
    for (uint64_t p = 0; p < length_; ++p) {
      cblas_saxpy(headDim, weights_[p] / sum, entryOf(cache_, slotOf(p), true, kvHead), 1, out, 1);
    }
  }

private:
  uint64_t slotOf(uint64_t position) const {
    const uint64_t tokens = cache_.shape[3];
    return static_cast<uint64_t>(pages_[position / tokens]) * tokens + position % tokens;
  }

  const OpOperand &cache_;
  const int32_t *pages_;
  uint64_t length_;
  float scale_;
  std::vector<float> &weights_;
};

} // namespace

void runAttention(const OpCall &call) {
  const OpOperand &query = call["query"], &output = call["output"], &cache = call["cache"];
  const uint64_t headDim = cache.shape[4], heads = query.shape[1] / headDim, group = heads / cache.shape[2];
  thread_local std::vector<float> weights; // grows to the longest context
  for (uint64_t row = 0; row < query.shape[0]; ++row) {
    const int32_t sequence = call["sequences"].integers()[row];
    if (sequence < 0) { // padding: any finite result is allowed
      std::fill_n(rowOf(output, row), output.shape[1], 0.0f);
      continue;
    }
    const auto length = static_cast<uint64_t>(call["positions"].integers()[row]) + 1;
    const HeadAttention attention(call, static_cast<uint64_t>(sequence), length, weights);
    for (uint64_t head = 0; head < heads; ++head) {
      attention.run(rowOf(query, row) + head * headDim, head / group, rowOf(output, row) + head * headDim);
    }
  }
}

std::string checkCache(const OpCall &call) {
  const OpOperand &cache = call["cache"];
  if (cache.type != CRIA_TYPE_F32) {
    throw cria::plugin::Refusal(CRIA_STATUS_UNSUPPORTED, "operand 'cache': this backend supports f32 only");
  }
  const uint64_t width = cache.shape[2] * cache.shape[4];
  const OpOperand *query = call.find("query"), *key = call.find("key");
  const bool fits = cache.shape[1] == 2 && cache.shape[3] > 0 && width > 0 && cache.strides[4] == 1 &&
                    (query == nullptr || query->shape[1] % width == 0) &&
                    (key == nullptr || key->shape[1] == width);
  return fits ? ""
              : "expected a cache of shape [P, 2, kv_heads, page_tokens, head_dim], and widths that are "
                "multiples of "
                "head_dim";
}
