// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rounds in two steps, the first of them to odd, so that the result is a single rounding of the exact value.
#include "plugins/backends/gpusim/HostMath.h"

#include "support/Half.h"

#include <bit>
#include <cmath>
#include <limits>

namespace cria::gpusim {
namespace {

/// Rounded to odd: a later rounding to fewer bits is then as good as one of the double.
float floatToOdd(double value) {
  const auto nearest = static_cast<float>(value);
  const auto bits = std::bit_cast<uint32_t>(nearest);
  const auto back = static_cast<double>(nearest);
  if (back == value || std::isnan(value) || (bits & 1) != 0) {
    return nearest;
  }
  return std::bit_cast<float>(std::fabs(back) > std::fabs(value) ? bits - 1 : bits + 1);
}

/// Returns a * b + c rounded to odd, so that rounding the result to fewer bits is a single rounding of the
/// exact value. REQUIRES: a * b is exact.
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

uint16_t doubleToHalf(double value) { return halfFromFloat(floatToOdd(value)); }
uint16_t doubleToBfloat(double value) { return bfloat16FromFloat(floatToOdd(value)); }

uint32_t fmaHalf(uint32_t a, uint32_t b, uint32_t c) {
  return doubleToHalf(
      fmaToOdd(toFloat(a, floatFromHalf), toFloat(b, floatFromHalf), toFloat(c, floatFromHalf)));
}

uint32_t fmaBfloat(uint32_t a, uint32_t b, uint32_t c) {
  return doubleToBfloat(
      fmaToOdd(toFloat(a, floatFromBfloat16), toFloat(b, floatFromBfloat16), toFloat(c, floatFromBfloat16)));
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
