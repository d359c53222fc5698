// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "format/WeightCodec.h"

#include "format/ElementConversion.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

namespace cria {

namespace {
/// Codes are symmetric: −128 is not used.
constexpr float kLargestCode = 127;

std::byte *bytesOf(float &value) { return reinterpret_cast<std::byte *>(&value); }
const std::byte *bytesOf(const float *values) { return reinterpret_cast<const std::byte *>(values); }

float loadScale(ElementType type, const std::byte *source) {
  float scale = 0;
  convertElements(type, source, ElementType::f32, bytesOf(scale), 1);
  return scale;
}

/// The largest magnitude; NaN if a value is not finite.
float largestMagnitude(std::span<const float> values) {
  float largest = 0;
  for (float value : values) {
    float magnitude = std::isfinite(value) ? std::fabs(value) : std::numeric_limits<float>::quiet_NaN();
    largest = largest >= magnitude || std::isnan(largest) ? largest : magnitude;
  }
  return largest;
}

/// Halves go away from zero. What is no number becomes 0: its scale is 0, or NaN as every value of the group.
int8_t codeOf(float quotient) {
  return std::isnan(quotient) ? int8_t(0)
                              : int8_t(std::clamp(std::round(quotient), -kLargestCode, kLargestCode));
}

/// A group as ggml defines Q8_0: codes are quotients by the scale in f32, which is rounded to its type after.
/// Returns the index of the largest value if its scale does not fit.
std::optional<size_t> encodeGroup(const WeightFormatTraits &format, std::span<const float> values,
                                  std::byte *codes, std::byte *scale) {
  float largest = largestMagnitude(values);
  float exact = largest / kLargestCode;
  float inverse = exact != 0 ? 1.0f / exact : 0.0f;
  for (size_t i = 0; i < values.size(); ++i) {
    codes[i] = std::byte(codeOf(values[i] * inverse));
  }
  if (!convertElements(ElementType::f32, bytesOf(&exact), format.scaleType, scale, 1)) {
    return std::nullopt;
  }
  auto isLargest = [&](float value) { return std::fabs(value) == largest; };
  return size_t(std::find_if(values.begin(), values.end(), isLargest) - values.begin());
}
} // namespace

std::optional<size_t> encodeRow(const WeightFormatTraits &format, std::span<const float> values,
                                std::byte *row) {
  if (isDense(format)) {
    return convertElements(ElementType::f32, bytesOf(values.data()), format.element, row, values.size());
  }
  std::byte *scales = row + values.size();
  for (size_t first = 0; first < values.size(); first += size_t(format.group)) {
    auto group = values.subspan(first, std::min(size_t(format.group), values.size() - first));
    if (std::optional<size_t> overflow = encodeGroup(format, group, row + first, scales)) {
      return first + *overflow;
    }
    scales += sizeOf(format.scaleType);
  }
  return std::nullopt;
}

void decodeRow(const WeightFormatTraits &format, const std::byte *row, std::span<float> values) {
  if (isDense(format)) {
    convertElements(format.element, row, ElementType::f32, reinterpret_cast<std::byte *>(values.data()),
                    values.size());
    return;
  }
  const std::byte *scales = row + values.size();
  for (size_t first = 0; first < values.size(); first += size_t(format.group)) {
    const float scale = loadScale(format.scaleType, scales);
    const size_t end = std::min(first + size_t(format.group), values.size());
    for (size_t i = first; i < end; ++i) {
      values[i] = scale * float(int8_t(row[i]));
    }
    scales += sizeOf(format.scaleType);
  }
}

/// `exponent`: the bits that are all set in NaN and infinity.
template <typename Word>
static std::optional<size_t> findExponent(const std::byte *row, size_t columns, Word exponent) {
  Word found = 0; // without branches, so that a loop over many values is one of vectors
  for (size_t i = 0; i < columns; ++i) {
    Word word;
    std::memcpy(&word, row + i * sizeof(Word), sizeof(Word));
    found |= Word((word & exponent) == exponent);
  }
  for (size_t i = 0; found != 0 && i < columns; ++i) {
    Word word;
    std::memcpy(&word, row + i * sizeof(Word), sizeof(Word));
    if ((word & exponent) == exponent) {
      return i;
    }
  }
  return std::nullopt;
}

std::optional<size_t> findNonFinite(const WeightFormatTraits &format, const std::byte *row, size_t columns) {
  if (isDense(format) && format.element == ElementType::f16) {
    return findExponent<uint16_t>(row, columns, 0x7C00);
  }
  if (isDense(format) && format.element == ElementType::bf16) {
    return findExponent<uint16_t>(row, columns, 0x7F80);
  }
  std::vector<float> values(columns);
  decodeRow(format, row, values);
  return findExponent<uint32_t>(bytesOf(values.data()), columns, 0x7F800000);
}

} // namespace cria
