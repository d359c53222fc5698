// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Conversions between the element types of the interface and double. They are written from the definitions of
// the formats (IEEE 754 for f32 and f16) and share no code with the product, whose conversions they check.
#pragma once

#include "plugins/sdk/cria_plugin.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <string>

namespace cria::conformance {

/// Layout of a binary floating-point format of at most 32 bits.
struct FloatFormat {
  int mantissaBits;
  int exponentBits;
  int bias() const { return (1 << (exponentBits - 1)) - 1; }
  int smallestExponent() const { return 1 - bias(); }
};
inline constexpr FloatFormat kF32{23, 8};
inline constexpr FloatFormat kF16{10, 5};
inline constexpr FloatFormat kBf16{7, 8};

/// Returns the nearest number of the format, ties to even; infinity on overflow.
inline double roundTo(const FloatFormat &format, double value) {
  if (!std::isfinite(value) || value == 0) {
    return value;
  }
  const int exponent = std::max(std::ilogb(value), format.smallestExponent());
  const double rounded = std::ldexp(std::nearbyint(std::ldexp(value, format.mantissaBits - exponent)),
                                    exponent - format.mantissaBits);
  return std::fabs(rounded) < std::ldexp(1.0, format.bias() + 1)
             ? rounded
             : std::copysign(std::numeric_limits<double>::infinity(), value);
}

/// Returns the bits of a number that is representable in the format.
inline uint32_t encodeFloat(const FloatFormat &format, double value) {
  const uint32_t sign = (std::signbit(value) ? 1u : 0u) << (format.mantissaBits + format.exponentBits);
  const uint32_t special = ((1u << format.exponentBits) - 1) << format.mantissaBits;
  if (!std::isfinite(value)) {
    return sign | special | (std::isnan(value) ? 1u << (format.mantissaBits - 1) : 0u);
  }
  if (value == 0) {
    return sign;
  }
  const int exponent = std::max(std::ilogb(value), format.smallestExponent());
  const auto units = static_cast<uint32_t>(std::ldexp(std::fabs(value), format.mantissaBits - exponent));
  // The implicit one of a normal number carries into the exponent field.
  return sign |
         ((static_cast<uint32_t>(exponent - format.smallestExponent()) << format.mantissaBits) + units);
}

inline double decodeFloat(const FloatFormat &format, uint32_t bits) {
  const uint32_t mantissa = bits & ((1u << format.mantissaBits) - 1);
  const uint32_t field = bits >> format.mantissaBits & ((1u << format.exponentBits) - 1);
  const double sign = (bits >> (format.mantissaBits + format.exponentBits) & 1u) != 0 ? -1.0 : 1.0;
  if (field == (1u << format.exponentBits) - 1) {
    return mantissa != 0 ? std::numeric_limits<double>::quiet_NaN()
                         : sign * std::numeric_limits<double>::infinity();
  }
  const uint32_t units = field == 0 ? mantissa : mantissa | 1u << format.mantissaBits;
  const int exponent = (field == 0 ? 1 : static_cast<int>(field)) - format.bias();
  return sign * std::ldexp(units, exponent - format.mantissaBits);
}

inline bool isFloat(uint32_t type) { return type >= CRIA_TYPE_F32 && type <= CRIA_TYPE_BF16; }

/// Errors: throws std::invalid_argument unless the type is f32, f16 or bf16.
inline const FloatFormat &floatFormat(uint32_t type) {
  switch (type) {
  case CRIA_TYPE_F32:
    return kF32;
  case CRIA_TYPE_F16:
    return kF16;
  case CRIA_TYPE_BF16:
    return kBf16;
  default:
    throw std::invalid_argument("expected a floating-point type, got type " + std::to_string(type));
  }
}

/// Returns the value rounded to the type; integers unchanged.
inline double roundToType(uint32_t type, double value) {
  return isFloat(type) ? roundTo(floatFormat(type), value) : value;
}

inline void encodeElement(uint32_t type, double value, std::byte *out) {
  const uint32_t bits = isFloat(type) ? encodeFloat(floatFormat(type), value)
                                      : static_cast<uint32_t>(static_cast<int64_t>(value));
  std::memcpy(out, &bits, plugin::sizeOfType(type)); // little-endian
}

inline double decodeElement(uint32_t type, const std::byte *in) {
  uint32_t bits = 0;
  std::memcpy(&bits, in, plugin::sizeOfType(type));
  switch (type) {
  case CRIA_TYPE_I32:
    return static_cast<int32_t>(bits);
  case CRIA_TYPE_I8:
    return static_cast<int8_t>(bits);
  case CRIA_TYPE_U8:
  case CRIA_TYPE_U32:
    return bits;
  default:
    return decodeFloat(floatFormat(type), bits);
  }
}

} // namespace cria::conformance
