// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "format/ElementConversion.h"

#include "support/Half.h"

#include <array>
#include <cmath>
#include <cstring>

namespace cria {

namespace {
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

void load(ElementType type, const std::byte *source, float *target, size_t count) {
  if (type == ElementType::f16) {
    widen<uint16_t, floatFromHalf>(source, target, count);
  } else if (type == ElementType::bf16) {
    widen<uint16_t, floatFromBfloat16>(source, target, count);
  } else {
    std::memcpy(target, source, count * sizeof(float));
  }
}

/// `count` is at most kChunk.
std::optional<size_t> store(ElementType type, const float *source, std::byte *target, size_t count) {
  if (type == ElementType::f16) {
    return narrow<halfFromFloat, 0x7C00>(source, target, count);
  }
  if (type == ElementType::bf16) {
    return narrow<bfloat16FromFloat, 0x7F80>(source, target, count);
  }
  std::memcpy(target, source, count * sizeof(float));
  return std::nullopt;
}
} // namespace

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
