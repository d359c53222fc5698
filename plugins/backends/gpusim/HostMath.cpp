// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Converts numbers with integer operations, so that results depend neither on the host's instructions nor on
// its handling of subnormals.
#include "plugins/backends/gpusim/HostMath.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace cria::gpusim {
namespace {

constexpr int kDoubleMantissa = 52;
constexpr int kDoubleBias = 1023;
constexpr uint64_t kDoubleMantissaMask = (uint64_t{1} << kDoubleMantissa) - 1;

/// A 16-bit format: mantissa bits without the leading one, exponent bias.
template <int mantissa, int bias> struct Format {
  static constexpr uint32_t kInfinity = ((1u << (15 - mantissa)) - 1) << mantissa;
  static constexpr uint32_t kQuiet = 1u << (mantissa - 1);

  static uint16_t fromDouble(double value) {
    const auto bits = std::bit_cast<uint64_t>(value);
    const auto sign = static_cast<uint32_t>(bits >> 63 << 15);
    if (std::isnan(value)) {
      return static_cast<uint16_t>(sign | kInfinity | kQuiet);
    }
    return static_cast<uint16_t>(sign | std::min(magnitude(bits & ~(uint64_t{1} << 63)), kInfinity));
  }

  // The result may exceed the encoding of infinity.
  static uint32_t magnitude(uint64_t bits) {
    const int exponent = static_cast<int>(bits >> kDoubleMantissa) - kDoubleBias;
    if (exponent > bias) {
      return kInfinity;
    }
    const int below = std::max(0, 1 - bias - exponent); // bits lost to a subnormal result
    const int shift = kDoubleMantissa - mantissa + below;
    if (shift > kDoubleMantissa + 1) {
      return 0; // below half of the smallest subnormal
    }
    const uint64_t significand = (bits & kDoubleMantissaMask) | uint64_t{1} << kDoubleMantissa;
    const uint64_t kept = roundedShift(significand, shift);
    // The leading one of a normal number carries into the exponent.
    const auto base = static_cast<uint32_t>(below != 0 ? 0 : exponent + bias - 1);
    return (base << mantissa) + static_cast<uint32_t>(kept);
  }

  static uint64_t roundedShift(uint64_t value, int shift) {
    const uint64_t half = uint64_t{1} << (shift - 1);
    const uint64_t rest = value & ((half << 1) - 1);
    const uint64_t kept = value >> shift;
    return kept + (rest > half || (rest == half && (kept & 1) != 0) ? 1 : 0);
  }
};

using Half = Format<10, 15>;
using Bfloat = Format<7, 127>;

// Returns a * b + c rounded to odd, so that rounding the result to fewer bits is a single rounding of the
// exact value. REQUIRES: a * b is exact.
double fmaToOdd(double a, double b, double c) {
  const double product = a * b;
  const double sum = product + c;
  if (!std::isfinite(sum)) {
    return sum;
  }
  const double partOfC = sum - product;
  const double error = (product - (sum - partOfC)) + (c - partOfC);
  if (error == 0 || (std::bit_cast<uint64_t>(sum) & 1) != 0) {
    return sum;
  }
  return std::nextafter(sum, error > 0 ? std::numeric_limits<double>::infinity()
                                       : -std::numeric_limits<double>::infinity());
}

float toFloat(uint32_t bits, float (*convert)(uint16_t)) { return convert(static_cast<uint16_t>(bits)); }

} // namespace

// Shifts the exponent to its position in f32; a multiplication corrects the bias, also for subnormals.
float halfToFloat(uint16_t bits) {
  constexpr uint32_t kScale = (127 - 15 + 127) << 23; // 2^112
  const uint32_t sign = static_cast<uint32_t>(bits & 0x8000u) << 16;
  const uint32_t rest = static_cast<uint32_t>(bits & 0x7FFFu) << 13;
  const float scaled = std::bit_cast<float>(rest) * std::bit_cast<float>(kScale);
  const bool special = (bits & 0x7C00u) == 0x7C00u;
  const uint32_t magnitude = special ? rest | 0x7F800000u : std::bit_cast<uint32_t>(scaled);
  return std::bit_cast<float>(sign | magnitude);
}

float bfloatToFloat(uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

uint16_t doubleToHalf(double value) { return Half::fromDouble(value); }
uint16_t doubleToBfloat(double value) { return Bfloat::fromDouble(value); }

uint32_t fmaHalf(uint32_t a, uint32_t b, uint32_t c) {
  return doubleToHalf(fmaToOdd(toFloat(a, halfToFloat), toFloat(b, halfToFloat), toFloat(c, halfToFloat)));
}

uint32_t fmaBfloat(uint32_t a, uint32_t b, uint32_t c) {
  return doubleToBfloat(
      fmaToOdd(toFloat(a, bfloatToFloat), toFloat(b, bfloatToFloat), toFloat(c, bfloatToFloat)));
}

float flushSubnormal(float value) {
  return std::fpclassify(value) == FP_SUBNORMAL ? std::copysign(0.0f, value) : value;
}

uint32_t permuteBytes(uint32_t a, uint32_t b, uint32_t selector) {
  const uint64_t bytes = uint64_t{b} << 32 | a;
  uint32_t result = 0;
  for (uint32_t i = 0; i < 4; ++i) {
    const uint32_t choice = selector >> 4 * i & 0xF;
    auto byte = static_cast<uint32_t>(bytes >> 8 * (choice & 7) & 0xFF);
    if ((choice & 8) != 0) { // replicate the byte's sign bit
      byte = (byte & 0x80) != 0 ? 0xFF : 0;
    }
    result |= byte << 8 * i;
  }
  return result;
}

float reciprocal(float value) { return 1.0f / value; }

float reciprocalRoot(float value) { return static_cast<float>(1.0 / std::sqrt(static_cast<double>(value))); }

} // namespace cria::gpusim
