// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// KV append and attention over pages. A page is [layer][2][kv_head][page_tokens][head_dim]; K is stored after
// RoPE.
#include "OpTable.h"
#include "Rope.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace cria::reference {
namespace {

enum class Part : uint64_t { key = 0, value = 1 };

/// Addresses of one layer inside the pages of the cache.
class CacheLayer {
public:
  explicit CacheLayer(const OpCall &call)
      : cache_(call.operand("cache")), layer_(call.integer("layer")), layers_(call.integer("layers")),
        kvHeads_(call.integer("kv_heads")), headDim_(call.integer("head_dim")),
        pageTokens_(call.integer("page_tokens")) {}

  /// slot = page · page_tokens + position inside the page.
  uint64_t element(uint64_t slot, Part part, uint64_t head) const {
    const uint64_t row =
        ((slot / pageTokens_ * layers_ + layer_) * 2 + static_cast<uint64_t>(part)) * kvHeads_ + head;
    return (row * pageTokens_ + slot % pageTokens_) * headDim_;
  }
  uint64_t slot(const Tensor &blockTable, uint64_t sequence, uint64_t position) const {
    const int32_t page = blockTable.loadInt(sequence, position / pageTokens_);
    return static_cast<uint64_t>(page) * pageTokens_ + position % pageTokens_;
  }
  const Tensor &cache() const { return cache_; }
  uint64_t kvHeads() const { return kvHeads_; }
  uint64_t headDim() const { return headDim_; }

private:
  const Tensor &cache_;
  uint64_t layer_, layers_, kvHeads_, headDim_, pageTokens_;
};

void appendRow(const CacheLayer &layer, const float *row, int32_t slot, Part part) {
  for (uint64_t head = 0; head < layer.kvHeads(); ++head) {
    const uint64_t element = layer.element(static_cast<uint64_t>(slot), part, head);
    for (uint64_t i = 0; i < layer.headDim(); ++i) {
      layer.cache().storeAt(element + i, row[head * layer.headDim() + i]);
    }
  }
}

std::vector<float> loadRow(const Tensor &tensor, uint64_t row) {
  std::vector<float> values(tensor.shape[1]);
  for (uint64_t k = 0; k < values.size(); ++k) {
    values[k] = tensor.load(row, k);
  }
  return values;
}

// softmax(scale · q·K) · V over the positions 0 .. length-1 of one sequence, for one query head.
void attendHead(const CacheLayer &layer, const Tensor &blockTable, uint64_t sequence, uint64_t length,
                const float *query, uint64_t kvHead, float scale, float *output) {
  std::vector<float> weights(length);
  float maximum = -std::numeric_limits<float>::infinity();
  for (uint64_t p = 0; p < length; ++p) {
    const uint64_t key = layer.element(layer.slot(blockTable, sequence, p), Part::key, kvHead);
    float score = 0.0f;
    for (uint64_t i = 0; i < layer.headDim(); ++i) {
      score += query[i] * layer.cache().loadAt(key + i);
    }
    weights[p] = score * scale;
    maximum = std::max(maximum, weights[p]);
  }
  float sum = 0.0f;
  for (float &weight : weights) {
    weight = std::exp(weight - maximum);
    sum += weight;
  }
  std::fill(output, output + layer.headDim(), 0.0f);
  for (uint64_t p = 0; p < length; ++p) {
    const uint64_t value = layer.element(layer.slot(blockTable, sequence, p), Part::value, kvHead);
    for (uint64_t i = 0; i < layer.headDim(); ++i) {
      output[i] += weights[p] / sum * layer.cache().loadAt(value + i);
    }
  }
}

// Query head h reads KV head h / (heads / kv_heads). Padding rows (sequence -1) become zeros.
void attendRow(const OpCall &call, const CacheLayer &layer, const std::vector<float> &query, uint64_t row) {
  const Tensor &output = call.operand("output");
  const int32_t sequence = call.operand("sequences").loadInt(row);
  const uint64_t heads = query.size() / layer.headDim();
  std::vector<float> result(query.size(), 0.0f);
  for (uint64_t head = 0; sequence >= 0 && head < heads; ++head) {
    const auto length = static_cast<uint64_t>(call.operand("positions").loadInt(row)) + 1;
    attendHead(layer, call.operand("block_table"), static_cast<uint64_t>(sequence), length,
               query.data() + head * layer.headDim(), head / (heads / layer.kvHeads()), call.number("scale"),
               result.data() + head * layer.headDim());
  }
  for (uint64_t k = 0; k < result.size(); ++k) {
    output.store(row, k, result[k]);
  }
}

} // namespace

// cache: [pages, layers, 2, kv_heads, page_tokens, head_dim], dense; rows are whole heads.
std::string checkCacheOp(const OpCall &call) {
  const Tensor &cache = call.operand("cache");
  const uint64_t expected[] = {
      cache.shape[0],           call.integer("layers"),      2,
      call.integer("kv_heads"), call.integer("page_tokens"), call.integer("head_dim")};
  uint64_t stride = 1;
  for (uint32_t d = cache.rank; d-- > 0;) {
    if (cache.shape[d] != expected[d] || cache.shape[d] == 0 || cache.strides[d] != stride) {
      return "operand 'cache': expected a dense extent of " + std::to_string(expected[d]) + " in dimension " +
             std::to_string(d) + ", got " + std::to_string(cache.shape[d]);
    }
    stride *= cache.shape[d];
  }
  const Tensor *query = call.optionalOperand("query");
  const Tensor *key = call.optionalOperand("key");
  const uint64_t width = call.integer("kv_heads") * call.integer("head_dim");
  if (call.integer("layer") >= call.integer("layers") || (key != nullptr && key->shape[1] != width) ||
      (query != nullptr && query->shape[1] % width != 0)) {
    return "expected layer below 'layers', and rows of kv_heads · head_dim = " + std::to_string(width) +
           " columns";
  }
  return "";
}

std::string checkRopeAttention(const OpCall &call) {
  const std::string wrong = checkCacheOp(call);
  return wrong.empty() ? checkRope(call) : wrong;
}

void runKvAppend(const OpCall &call) {
  const CacheLayer layer(call);
  for (uint64_t row = 0; row < call.operand("key").shape[0]; ++row) {
    const int32_t slot = call.operand("slots").loadInt(row);
    if (slot >= 0) {
      appendRow(layer, loadRow(call.operand("key"), row).data(), slot, Part::key);
      appendRow(layer, loadRow(call.operand("value"), row).data(), slot, Part::value);
    }
  }
}

void runAttention(const OpCall &call) {
  const CacheLayer layer(call);
  for (uint64_t row = 0; row < call.operand("output").shape[0]; ++row) {
    attendRow(call, layer, loadRow(call.operand("query"), row), row);
  }
}

// All keys and values of the step are appended first, so causality is a comparison of positions.
void runRopeAttention(const OpCall &call) {
  const CacheLayer layer(call);
  const Tensor &positions = call.operand("positions");
  const Tensor &table = call.operand("table");
  for (uint64_t row = 0; row < call.operand("key").shape[0]; ++row) {
    const int32_t slot = call.operand("slots").loadInt(row);
    if (slot >= 0) {
      appendRow(layer,
                ropeRow(call.operand("key"), row, positions.loadInt(row), table, layer.headDim()).data(),
                slot, Part::key);
      appendRow(layer, loadRow(call.operand("value"), row).data(), slot, Part::value);
    }
  }
  for (uint64_t row = 0; row < call.operand("output").shape[0]; ++row) {
    attendRow(call, layer,
              ropeRow(call.operand("query"), row, positions.loadInt(row), table, layer.headDim()), row);
  }
}

} // namespace cria::reference
