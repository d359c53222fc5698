// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "format/ElementConversion.h"

#include "support/Half.h"

#include <array>
#include <cmath>
#include <cstring>

namespace cria {

namespace {
/// Elements converted at a time by way of f32.
constexpr size_t kChunk = 1024;

using Chunk = std::array<float, kChunk>;

void copyToFloats(const std::byte *source, float *target, size_t count) {
  std::memcpy(target, source, count * sizeof(float));
}

std::optional<size_t> copyFromFloats(const float *source, std::byte *target, size_t count) {
  std::memcpy(target, source, count * sizeof(float));
  return std::nullopt;
}

template <typename Word, float (*convert)(Word)>
void widen(const std::byte *source, float *target, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    Word word;
    std::memcpy(&word, source + i * sizeof(Word), sizeof(Word));
    target[i] = convert(word);
  }
}

/// Returns the index of the first finite element whose result is `infinity`.
template <uint16_t (*convert)(float), uint16_t infinity>
std::optional<size_t> narrow(const float *source, std::byte *target, size_t count) {
  std::array<uint16_t, kChunk> words;
  for (size_t i = 0; i < count; ++i) {
    words[i] = convert(source[i]);
  }
  std::memcpy(target, words.data(), count * sizeof(uint16_t));
  for (size_t i = 0; i < count; ++i) {
    if ((words[i] & 0x7FFF) == infinity && std::isfinite(source[i])) {
      return i;
    }
  }
  return std::nullopt;
}

/// The conversions of at most kChunk elements of a type to and from f32.
struct FloatConversion {
  void (*load)(const std::byte *source, float *target, size_t count);
  std::optional<size_t> (*store)(const float *source, std::byte *target, size_t count);
};

FloatConversion conversionOf(ElementType type) {
  switch (type) {
  case ElementType::f32:
    return {copyToFloats, copyFromFloats};
  case ElementType::f16:
    return {widen<uint16_t, floatFromHalf>, narrow<halfFromFloat, 0x7C00>};
  case ElementType::bf16:
    return {widen<uint16_t, floatFromBfloat16>, narrow<bfloat16FromFloat, 0x7F80>};
  case ElementType::i32:
  case ElementType::u32:
  case ElementType::u8:
  case ElementType::i8:
  case ElementType::f64:
  case ElementType::i64:
  case ElementType::u64:
  case ElementType::i16:
  case ElementType::u16:
  case ElementType::boolean:
  case ElementType::f8e4m3:
  case ElementType::f8e5m2:
    break;
  }
  __builtin_unreachable(); // not a type of dense weights
}
} // namespace

std::optional<size_t> convertElements(ElementType sourceType, const std::byte *source, ElementType targetType,
                                      std::byte *target, size_t count) {
  if (sourceType == targetType) {
    std::memcpy(target, source, count * sizeOf(sourceType));
    return std::nullopt;
  }
  const FloatConversion from = conversionOf(sourceType), to = conversionOf(targetType);
  Chunk chunk;
  for (size_t done = 0; done < count; done += kChunk) {
    size_t now = std::min(kChunk, count - done);
    from.load(source + done * sizeOf(sourceType), chunk.data(), now);
    if (auto overflow = to.store(chunk.data(), target + done * sizeOf(targetType), now)) {
      return done + *overflow;
    }
  }
  return std::nullopt;
}

} // namespace cria
