// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The definition of random(seed) weights for the compiler, its kernels, backends and tests. It uses only
// 32-bit integer arithmetic, so that vector code on every target gives the same bytes.
//
//   value(seed, tensor, row, column) = int8(hash) · 2^-e,  e = ceil(log2(74 · sqrt(columns)))
//
// 74 is approximately the standard deviation of a uniform int8, so the dot product of a row and inputs of
// variance 1 has a variance near 1. The values are exact in f32, f16 and bf16, so a seed gives the same
// model on every target.
//
// In formats with codes, the highest bits of the hash are the code, as it is stored, and scales, minimums and
// zero points are constants that give rows the same variance: a seed gives another model in each format.
#pragma once

#include "format/WeightFormat.h"

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

/// The stored bits of a code of `bits` bits.
constexpr uint32_t randomCode(uint32_t rowKey, uint32_t column, int bits) {
  return mix32(rowKey ^ (column * 0x9E3779B1u)) >> (32 - bits);
}
constexpr int8_t randomByte(uint32_t rowKey, uint32_t column) {
  return static_cast<int8_t>(randomCode(rowKey, column, 8));
}

/// e = ceil(log2(sqrt(meanSquare · columns))): the smallest e with 4^e >= meanSquare · columns.
constexpr int randomExponent(uint64_t columns, uint64_t meanSquare = 74 * 74) {
  int exponent = 0;
  while ((uint64_t{1} << (2 * exponent)) < meanSquare * columns) {
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

/// What the codes of random weights are multiplied by and what is subtracted, the same for all groups.
struct RandomTerms {
  float scale = 0, minimum = 0;          ///< as they are stored, exact in f16
  uint32_t subScale = 0, subMinimum = 0; ///< small integers of two levels
  uint32_t zeroPoint = 0;
};

/// The mean square of what uniform codes stand for, less what is subtracted from them, rounded up.
constexpr uint64_t randomMeanSquare(const WeightFormatTraits &format) {
  const int numCodes = 1 << format.bits;
  const int twiceMean = format.offset == OffsetKind::none        ? 0
                        : format.offset == OffsetKind::zeroPoint ? numCodes
                                                                 : numCodes - 1;
  uint64_t sum = 0;
  for (int code = 0; code < numCodes; ++code) {
    const int stood =
        format.map == CodeMap::table ? format.table[static_cast<size_t>(code)] : code - format.zero;
    const int64_t twice = 2 * stood - twiceMean;
    sum += static_cast<uint64_t>(twice * twice);
  }
  const uint64_t count = uint64_t{4} << format.bits;
  return (sum + count - 1) / count;
}

/// The terms of rows with `columns` columns. What is subtracted is the mean of the codes; small integers are
/// 2^(bits - 2). REQUIRES: the format has codes.
constexpr RandomTerms randomTerms(const WeightFormatTraits &format, uint64_t columns) {
  const auto power = [](int exponent) { return static_cast<float>(uint64_t{1} << exponent); };
  const bool isTwoLevel = format.scale == ScaleKind::twoLevel;
  RandomTerms terms;
  terms.subScale = isTwoLevel ? 1u << (format.subScaleBits - 2) : 1;
  terms.subMinimum = format.offset == OffsetKind::twoLevelMinimum ? 1u << (format.subMinimumBits - 2) : 1;
  const float unit = 1.0f / power(randomExponent(columns, randomMeanSquare(format)));
  const float mean = unit * (power(format.bits) - 1) / 2;
  terms.scale = unit / static_cast<float>(terms.subScale);
  terms.minimum = (format.isMinimumAdded ? -mean : mean) / static_cast<float>(terms.subMinimum);
  terms.zeroPoint = 1u << (format.bits - 1);
  return terms;
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
  uint32_t columns; // of weights with codes, which the size of packed codes does not tell; else 0
  uint32_t reserved[2];

  constexpr uint64_t destinationRow(uint64_t row) const {
    return firstRow + row / block * stride + row % block;
  }
};
static_assert(sizeof(RandomSegment) == 32, "part of opset v1");

} // namespace cria
