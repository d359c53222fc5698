// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Chunks of elements by way of f32.
#include "passes/codegen/ElementConversion.h"

#include "support/Half.h"

#include <algorithm>
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
