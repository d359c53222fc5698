// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Appends to the KV cache and computes attention over the pages of one layer. K is stored after RoPE.
#include "OpTable.h"
#include "Rope.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace cria::reference {
namespace {

enum class Part : uint64_t { key = 0, value = 1 };

/// Computes addresses in one layer of the cache, [P, 2, kv_heads, page_tokens, head_dim].
class CacheLayer {
public:
  explicit CacheLayer(const OpCall &call) : cache_(call.operand("cache")) {}

  uint64_t numPages() const { return cache_.shape[0]; }
  uint64_t kvHeads() const { return cache_.shape[2]; }
  uint64_t pageTokens() const { return cache_.shape[3]; }
  uint64_t headDim() const { return cache_.shape[4]; }

  /// The first element of a head; slot = page · page_tokens + position inside the page.
  uint64_t element(uint64_t slot, Part part, uint64_t head) const {
    return slot / pageTokens() * cache_.strides[0] + static_cast<uint64_t>(part) * cache_.strides[1] +
           head * cache_.strides[2] + slot % pageTokens() * cache_.strides[3];
  }
  uint64_t slot(const Tensor &blockTable, uint64_t sequence, uint64_t position) const {
    const int32_t page = blockTable.loadInt(sequence, position / pageTokens());
    return static_cast<uint64_t>(page) * pageTokens() + position % pageTokens();
  }
  float load(uint64_t element, uint64_t i) const { return cache_.loadAt(element + i * cache_.strides[4]); }
  void store(uint64_t element, uint64_t i, float value) const {
    cache_.storeAt(element + i * cache_.strides[4], value);
  }

private:
  Tensor cache_;
};

void appendRow(const CacheLayer &layer, const float *row, int32_t slot, Part part) {
  for (uint64_t head = 0; head < layer.kvHeads(); ++head) {
    const uint64_t element = layer.element(static_cast<uint64_t>(slot), part, head);
    for (uint64_t i = 0; i < layer.headDim(); ++i) {
      layer.store(element, i, row[head * layer.headDim() + i]);
    }
  }
}

/// softmax(scale · q·K) · V over the positions 0 .. length-1 of one sequence, for one query head.
void attendHead(const CacheLayer &layer, const Tensor &blockTable, uint64_t sequence, uint64_t length,
                const float *query, uint64_t kvHead, float scale, float *output) {
  std::vector<float> weights(length);
  float maximum = -std::numeric_limits<float>::infinity();
  for (uint64_t p = 0; p < length; ++p) {
    const uint64_t key = layer.element(layer.slot(blockTable, sequence, p), Part::key, kvHead);
    float score = 0.0f;
    for (uint64_t i = 0; i < layer.headDim(); ++i) {
      score += query[i] * layer.load(key, i);
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
      output[i] += weights[p] / sum * layer.load(value, i);
    }
  }
}

/// Query head h reads KV head h / (heads / kv_heads). Padding rows (sequence -1) become zeros.
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

/// Checks that the widths of rows are multiples of head_dim. The caller has checked that the cache is within
/// its window.
std::string checkCacheOp(const OpCall &call) {
  const Tensor &cache = call.operand("cache");
  if (cache.shape[1] != 2 || cache.shape[2] == 0 || cache.shape[3] == 0 || cache.shape[4] == 0) {
    return "operand 'cache': expected shape [P, 2, kv_heads, page_tokens, head_dim]";
  }
  const std::optional<Tensor> query = call.optionalOperand("query");
  const std::optional<Tensor> key = call.optionalOperand("key");
  const uint64_t width = cache.shape[2] * cache.shape[4];
  if ((key && key->shape[1] != width) || (query && query->shape[1] % width != 0)) {
    return "expected rows of kv_heads · head_dim = " + std::to_string(width) + " columns";
  }
  return "";
}

std::string checkAppendIndices(const OpCall &call) {
  const Tensor &slots = call.operand("slots");
  const CacheLayer layer(call);
  const uint64_t end = layer.numPages() * layer.pageTokens();
  for (uint64_t row = 0; row < slots.shape[0]; ++row) {
    const int32_t slot = slots.loadInt(row);
    if (slot >= 0 && static_cast<uint64_t>(slot) >= end) {
      return "row " + std::to_string(row) + ": slot " + std::to_string(slot) + " is outside the " +
             std::to_string(end) + " slots of the cache";
    }
  }
  return "";
}

/// Checks every page up to the row's position.
static std::string checkPages(const CacheLayer &layer, const Tensor &blockTable, int32_t sequence,
                              int32_t position) {
  const uint64_t last = static_cast<uint64_t>(position) / layer.pageTokens();
  if (position < 0 || static_cast<uint64_t>(sequence) >= blockTable.shape[0] || last >= blockTable.shape[1]) {
    return "position " + std::to_string(position) + " of sequence " + std::to_string(sequence) +
           " is outside operand 'block_table'";
  }
  for (uint64_t i = 0; i <= last; ++i) {
    const int32_t page = blockTable.loadInt(static_cast<uint64_t>(sequence), i);
    if (page < 0 || static_cast<uint64_t>(page) >= layer.numPages()) {
      return "page " + std::to_string(page) + " is outside the " + std::to_string(layer.numPages()) +
             " pages of the cache";
    }
  }
  return "";
}

std::string checkAttentionIndices(const OpCall &call) {
  const Tensor &sequences = call.operand("sequences");
  const CacheLayer layer(call);
  for (uint64_t row = 0; row < sequences.shape[0]; ++row) {
    const int32_t sequence = sequences.loadInt(row);
    std::string wrong = sequence < 0 ? std::string()
                                     : checkPages(layer, call.operand("block_table"), sequence,
                                                  call.operand("positions").loadInt(row));
    if (!wrong.empty()) {
      return "row " + std::to_string(row) + ": " + wrong;
    }
  }
  return "";
}

std::string checkRopeAttentionIndices(const OpCall &call) {
  for (const auto check : {checkRopeIndices, checkAppendIndices, checkAttentionIndices}) {
    if (std::string wrong = check(call); !wrong.empty()) {
      return wrong;
    }
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

/// Appends all keys and values of the step first, so that causality is a comparison of positions.
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
