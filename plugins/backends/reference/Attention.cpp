// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Appends to the KV cache and computes attention over the pages of one layer. K is stored after RoPE.
#include "OpTable.h"
#include "Rope.h"

#include "format/KvCodec.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace cria::reference {
namespace {

enum class Part : uint64_t { key = 0, value = 1 };

/// The vectors in one layer of the cache, [P, 2, kv_heads, page_tokens, head_dim]. A cache of codes has a
/// scale for each.
class CacheLayer {
public:
  explicit CacheLayer(const OpCall &call)
      : cache_(call.operand("cache")), scales_(call.optionalOperand("cache.scales")) {}

  uint64_t numPages() const { return cache_.shape[0]; }
  uint64_t kvHeads() const { return cache_.shape[2]; }
  uint64_t pageTokens() const { return cache_.shape[3]; }
  uint64_t headDim() const { return cache_.shape[4]; }

  uint64_t slot(const Tensor &blockTable, uint64_t sequence, uint64_t position) const {
    const int32_t page = blockTable.loadInt(sequence, position / pageTokens());
    return static_cast<uint64_t>(page) * pageTokens() + position % pageTokens();
  }

  /// Reads the vector of a head; slot = page · page_tokens + position inside the page.
  void load(uint64_t slot, Part part, uint64_t head, std::span<float> vector) const {
    const uint64_t first = place(cache_, slot, part, head);
    for (uint64_t i = 0; i < vector.size(); ++i) {
      vector[i] = cache_.loadAt(first + i * cache_.strides[4]);
    }
    if (scales_) {
      const uint16_t scale = halfFromFloat(scales_->loadAt(place(*scales_, slot, part, head)));
      for (float &value : vector) {
        value = kvValueOf(static_cast<int8_t>(value), scale);
      }
    }
  }
  void store(uint64_t slot, Part part, uint64_t head, std::span<const float> vector) const {
    const uint64_t first = place(cache_, slot, part, head);
    const uint16_t scale = scales_ ? kvScaleOf(vector) : 0;
    for (uint64_t i = 0; i < vector.size(); ++i) {
      cache_.storeAt(first + i * cache_.strides[4], scales_ ? kvCodeOf(vector[i], scale) : vector[i]);
    }
    if (scales_) {
      scales_->storeAt(place(*scales_, slot, part, head), floatFromHalf(scale));
    }
  }

private:
  uint64_t place(const Tensor &tensor, uint64_t slot, Part part, uint64_t head) const {
    return slot / pageTokens() * tensor.strides[0] + static_cast<uint64_t>(part) * tensor.strides[1] +
           head * tensor.strides[2] + slot % pageTokens() * tensor.strides[3];
  }

  Tensor cache_;
  std::optional<Tensor> scales_;
};

void appendRow(const CacheLayer &layer, std::span<const float> row, int32_t slot, Part part) {
  for (uint64_t head = 0; head < layer.kvHeads(); ++head) {
    layer.store(static_cast<uint64_t>(slot), part, head,
                row.subspan(head * layer.headDim(), layer.headDim()));
  }
}

/// softmax(scale · q·K) · V over the positions 0 .. length-1 of one sequence, for one query head.
void attendHead(const CacheLayer &layer, const Tensor &blockTable, uint64_t sequence, uint64_t length,
                const float *query, uint64_t kvHead, float scale, float *output) {
  std::vector<float> weights(length), vector(layer.headDim());
  float maximum = -std::numeric_limits<float>::infinity();
  for (uint64_t p = 0; p < length; ++p) {
    layer.load(layer.slot(blockTable, sequence, p), Part::key, kvHead, vector);
    float score = 0.0f;
    for (uint64_t i = 0; i < layer.headDim(); ++i) {
      score += query[i] * vector[i];
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
    layer.load(layer.slot(blockTable, sequence, p), Part::value, kvHead, vector);
    for (uint64_t i = 0; i < layer.headDim(); ++i) {
      output[i] += weights[p] / sum * vector[i];
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

/// A cache of codes has a scale for each vector, no other cache has scales.
std::string checkScales(const OpCall &call) {
  const Tensor &cache = call.operand("cache");
  const std::optional<Tensor> scales = call.optionalOperand("cache.scales");
  if (scales.has_value() != (cache.type == CRIA_TYPE_I8)) {
    return "expected operand 'cache.scales' with a cache of type i8, and with no other";
  }
  return !scales || std::equal(scales->shape.begin(), scales->shape.begin() + 4, cache.shape.begin())
             ? ""
             : "operand 'cache.scales': expected the shape of the cache without head_dim";
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
  return checkScales(call);
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
      appendRow(layer, loadRow(call.operand("key"), row), slot, Part::key);
      appendRow(layer, loadRow(call.operand("value"), row), slot, Part::value);
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
      appendRow(layer, ropeRow(call.operand("key"), row, positions.loadInt(row), table, layer.headDim()),
                slot, Part::key);
      appendRow(layer, loadRow(call.operand("value"), row), slot, Part::value);
    }
  }
  for (uint64_t row = 0; row < call.operand("output").shape[0]; ++row) {
    attendRow(call, layer,
              ropeRow(call.operand("query"), row, positions.loadInt(row), table, layer.headDim()), row);
  }
}

} // namespace cria::reference
