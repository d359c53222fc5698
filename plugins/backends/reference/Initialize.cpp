// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Fills weights whose recipe is random(seed) or ones. The hash function is specified in
// docs/generated/opset-v1.md.
#include "OpTable.h"

#include <algorithm>
#include <cmath>

namespace cria::reference {
namespace {

// The finalizer of MurmurHash3 (Appleby, public domain).
uint32_t mix(uint32_t h) {
  h ^= h >> 16;
  h *= 0x85EBCA6Bu;
  h ^= h >> 13;
  h *= 0xC2B2AE35u;
  return h ^ (h >> 16);
}

// int8(hash) · 2^-e with e = ceil(log2(74 · sqrt(columns))).
float randomValue(uint32_t tensorKey, uint32_t row, uint32_t column, uint64_t columns) {
  const uint32_t hash = mix(mix(tensorKey + row) ^ (column * 0x9E3779B1u));
  const double exponent = std::ceil(std::log2(74.0 * std::sqrt(static_cast<double>(columns))));
  return std::ldexp(static_cast<float>(static_cast<int8_t>(hash >> 24)), -static_cast<int>(exponent));
}

} // namespace

// constants: tensor key, rows, first destination row, block, stride. Logical row r is written to row
//   first + (r / block) · stride + r mod block
// of the destination.
void runFillRandom(const OpCall &call) {
  const Tensor &constants = call.operand("constants");
  const Tensor &weight = call.operand("weight");
  const auto constant = [&](uint64_t i) { return static_cast<uint32_t>(constants.loadInt(i)); };
  const uint32_t block = std::max(1u, constant(3));
  for (uint32_t row = 0; row < constant(1); ++row) {
    const uint64_t destination = constant(2) + static_cast<uint64_t>(row / block) * constant(4) + row % block;
    for (uint64_t column = 0; column < weight.shape[1] && destination < weight.shape[0]; ++column) {
      weight.store(destination, column,
                   randomValue(constant(0), row, static_cast<uint32_t>(column), weight.shape[1]));
    }
  }
}

std::string checkFillRandom(const OpCall &call) {
  return call.operand("constants").shape[0] >= 5 ? "" : "operand 'constants': expected at least 5 words";
}

void runFillOnes(const OpCall &call) {
  const Tensor &weight = call.operand("weight");
  for (uint64_t i = 0; i < weight.shape[0]; ++i) {
    weight.storeAt(i * weight.strides[0], 1.0f);
  }
}

} // namespace cria::reference
