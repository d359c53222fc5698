// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Conversions in integer arithmetic, without branches in the common case, so that compilers vectorize the
// loops.
#include "passes/codegen/ElementConversion.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstring>

namespace cria {

namespace {
constexpr uint32_t kInfinity32 = 0x7F800000u;
constexpr uint32_t kAbsMask = 0x7FFFFFFFu;
// A half's exponent bias is 112 below that of a float; 13 mantissa bits are lost.
constexpr uint32_t kBiasDifference = 112u << 23;
constexpr uint32_t kSmallestNormalHalf = 0x38800000u; // 2^-14
constexpr uint32_t kSmallestTooLarge = 0x477FF000u;   // 65520: rounds to infinity

// Elements converted at a time by way of f32.
constexpr size_t kChunk = 1024;

using Chunk = std::array<float, kChunk>;

template <typename Word, float (*convert)(Word)>
void widen(const std::byte *source, float *target, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    Word word;
    std::memcpy(&word, source + i * sizeof(Word), sizeof(Word));
    target[i] = convert(word);
  }
}

template <uint16_t (*convert)(float)> void narrow(const float *source, uint16_t *target, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    target[i] = convert(source[i]);
  }
}

void load(ElementType type, const std::byte *source, float *target, size_t count) {
  if (type == ElementType::f16) {
    widen<uint16_t, floatFromHalf>(source, target, count);
  } else if (type == ElementType::bf16) {
    widen<uint16_t, floatFromBfloat16>(source, target, count);
  } else {
    std::memcpy(target, source, count * sizeof(float));
  }
}

std::optional<size_t> store(ElementType type, const float *source, std::byte *target, size_t count) {
  if (type == ElementType::f32) {
    std::memcpy(target, source, count * sizeof(float));
    return std::nullopt;
  }
  auto *words = reinterpret_cast<uint16_t *>(target);
  uint16_t infinity = type == ElementType::f16 ? 0x7C00 : 0x7F80;
  if (type == ElementType::f16) {
    narrow<halfFromFloat>(source, words, count);
  } else {
    narrow<bfloat16FromFloat>(source, words, count);
  }
  for (size_t i = 0; i < count; ++i) {
    if ((words[i] & 0x7FFF) == infinity && std::isfinite(source[i])) {
      return i;
    }
  }
  return std::nullopt;
}
} // namespace

float floatFromHalf(uint16_t half) {
  uint32_t sign = uint32_t(half & 0x8000) << 16, rest = uint32_t(half & 0x7FFF) << 13;
  uint32_t normal = rest + kBiasDifference;
  // Subnormals: the mantissa as an integer, times 2^-24. Infinity and NaN: the exponent of all ones.
  float subnormal = float(half & 0x03FF) * 0x1p-24f;
  uint32_t special = rest | kInfinity32;
  uint32_t exponent = half & 0x7C00;
  uint32_t bits = exponent == 0 ? std::bit_cast<uint32_t>(subnormal) : exponent == 0x7C00 ? special : normal;
  return std::bit_cast<float>(sign | bits);
}

float floatFromBfloat16(uint16_t value) { return std::bit_cast<float>(uint32_t(value) << 16); }

uint16_t halfFromFloat(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value), absolute = bits & kAbsMask;
  uint32_t sign = (bits ^ absolute) >> 16;
  uint32_t rounded = (absolute + 0xFFF + (absolute >> 13 & 1) - kBiasDifference) >> 13;
  // Adding 0.5 puts the mantissa where a subnormal half has it, rounded by the addition itself.
  uint32_t subnormal =
      std::bit_cast<uint32_t>(std::bit_cast<float>(absolute) + 0.5f) - std::bit_cast<uint32_t>(0.5f);
  uint32_t special = absolute > kInfinity32 ? 0x7E00 : 0x7C00;
  uint32_t half = absolute >= kSmallestTooLarge    ? special
                  : absolute < kSmallestNormalHalf ? subnormal
                                                   : rounded;
  return uint16_t(sign | half);
}

uint16_t bfloat16FromFloat(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  uint32_t rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;
  uint32_t quietNan = bits >> 16 | 0x40;
  return uint16_t((bits & kAbsMask) > kInfinity32 ? quietNan : rounded);
}

std::optional<size_t> convertElements(ElementType sourceType, const std::byte *source, ElementType targetType,
                                      std::byte *target, size_t count) {
  if (sourceType == targetType) {
    std::memcpy(target, source, count * sizeOf(sourceType));
    return std::nullopt;
  }
  Chunk chunk;
  for (size_t done = 0; done < count; done += kChunk) {
    size_t now = std::min(kChunk, count - done);
    load(sourceType, source + done * sizeOf(sourceType), chunk.data(), now);
    if (auto overflow = store(targetType, chunk.data(), target + done * sizeOf(targetType), now)) {
      return done + *overflow;
    }
  }
  return std::nullopt;
}

} // namespace cria
