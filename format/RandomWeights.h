// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The definition of random(seed) weights for the compiler, its kernels, backends and tests. It uses only
// 32-bit integer arithmetic, so that vector code on every target gives the same bytes.
//
//   value(seed, tensor, row, column) = int8(hash) · 2^-e,  e = ceil(log2(74 · sqrt(columns)))
//
// 74 is approximately the standard deviation of a uniform int8, so the dot product of a row and inputs of
// variance 1 has a variance near 1. The values are exact in f32, f16 and bf16, so a seed gives the same
// model on every target.
#pragma once

#include <cstdint>
#include <string_view>

namespace cria {

/// The finalizer of MurmurHash3 (Austin Appleby, public domain).
constexpr uint32_t mix32(uint32_t h) {
  h ^= h >> 16;
  h *= 0x85EBCA6Bu;
  h ^= h >> 13;
  h *= 0xC2B2AE35u;
  return h ^ (h >> 16);
}

/// FNV-1a of the Hugging Face name of a tensor, which identifies it in the hash.
constexpr uint32_t randomTensorId(std::string_view name) {
  uint32_t hash = 0x811C9DC5u;
  for (const char c : name) {
    hash = (hash ^ static_cast<uint8_t>(c)) * 0x01000193u;
  }
  return hash;
}

/// Depends only on seed and tensor; computed once per tensor.
constexpr uint32_t randomTensorKey(uint32_t seed, uint32_t tensorId) {
  return mix32(seed ^ mix32(tensorId + 0x9E3779B9u));
}

/// Also depends on the logical row of the tensor; computed once per row.
constexpr uint32_t randomRowKey(uint32_t tensorKey, uint32_t row) { return mix32(tensorKey + row); }

constexpr int8_t randomByte(uint32_t rowKey, uint32_t column) {
  return static_cast<int8_t>(mix32(rowKey ^ (column * 0x9E3779B1u)) >> 24);
}

/// e = ceil(log2(74 · sqrt(columns))): the smallest e with 4^e >= 74² · columns.
constexpr int randomExponent(uint64_t columns) {
  int exponent = 0;
  while ((uint64_t{1} << (2 * exponent)) < 74u * 74u * columns) {
    ++exponent;
  }
  return exponent;
}

constexpr float randomScale(uint64_t columns) {
  return 1.0f / static_cast<float>(uint64_t{1} << randomExponent(columns));
}

constexpr float randomValue(uint32_t seed, uint32_t tensorId, uint32_t row, uint32_t column,
                            uint64_t columns) {
  return static_cast<float>(randomByte(randomRowKey(randomTensorKey(seed, tensorId), row), column)) *
         randomScale(columns);
}

/// The parameters of a fill_random dispatch, in the memory layout of its operand `constants`: u32 [8].
/// Logical row r of the source is row firstRow + (r / block) · stride + r mod block of the destination. For
/// a concatenation, block = stride = rows.
struct RandomSegment {
  uint32_t tensorKey; // randomTensorKey(seed, id)
  uint32_t rows;
  uint32_t firstRow;
  uint32_t block;
  uint32_t stride;
  uint32_t reserved[3];

  constexpr uint64_t destinationRow(uint64_t row) const {
    return firstRow + row / block * stride + row % block;
  }
};
static_assert(sizeof(RandomSegment) == 32, "part of opset v1");

} // namespace cria
