// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Converts elements with integer operations, so that results do not depend on the compiler's half-precision
// support.
#include "Tensor.h"

#include <bit>
#include <cmath>
#include <cstring>

namespace cria::reference {
namespace {

float widenHalf(uint16_t half) {
  const uint32_t sign = (half & 0x8000u) << 16;
  const uint32_t exponent = (half >> 10) & 0x1Fu;
  const uint32_t mantissa = half & 0x3FFu;
  if (exponent == 0) { // zero and subnormals: mantissa · 2^-24
    const float magnitude = std::ldexp(static_cast<float>(mantissa), -24);
    return sign != 0 ? -magnitude : magnitude;
  }
  if (exponent == 31) {
    return std::bit_cast<float>(sign | 0x7F800000u | (mantissa << 13));
  }
  return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (mantissa << 13));
}

uint16_t narrowToHalf(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const auto sign = static_cast<uint16_t>((bits >> 16) & 0x8000u);
  const float magnitude = std::fabs(value);
  if (std::isnan(value)) {
    return static_cast<uint16_t>(sign | 0x7E00u);
  }
  if (magnitude >= 65520.0f) { // the smallest value that rounds to infinity
    return static_cast<uint16_t>(sign | 0x7C00u);
  }
  if (magnitude < std::ldexp(1.0f, -14)) { // subnormal: round to a multiple of 2^-24
    return static_cast<uint16_t>(sign | static_cast<uint16_t>(std::nearbyint(std::ldexp(magnitude, 24))));
  }
  const uint32_t absolute = bits & 0x7FFFFFFFu;
  const uint32_t rounded = absolute + 0xFFFu + ((absolute >> 13) & 1u); // ties to even
  return static_cast<uint16_t>(sign | ((rounded >> 13) - (112u << 10)));
}

uint16_t narrowToBfloat(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  if (std::isnan(value)) {
    return static_cast<uint16_t>((bits >> 16) | 0x40u);
  }
  return static_cast<uint16_t>((bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16);
}

template <typename T> T loadBytes(const std::byte *data, uint64_t element) {
  T value;
  std::memcpy(&value, data + element * sizeof(T), sizeof(T));
  return value;
}

template <typename T> void storeBytes(std::byte *data, uint64_t element, T value) {
  std::memcpy(data + element * sizeof(T), &value, sizeof(T));
}

} // namespace

float Tensor::loadAt(uint64_t element) const {
  switch (type) {
  case CRIA_TYPE_F16:
    return widenHalf(loadBytes<uint16_t>(data, element));
  case CRIA_TYPE_BF16:
    return std::bit_cast<float>(static_cast<uint32_t>(loadBytes<uint16_t>(data, element)) << 16);
  default:
    return loadBytes<float>(data, element);
  }
}

void Tensor::storeAt(uint64_t element, float value) const {
  switch (type) {
  case CRIA_TYPE_F16:
    return storeBytes(data, element, narrowToHalf(value));
  case CRIA_TYPE_BF16:
    return storeBytes(data, element, narrowToBfloat(value));
  default:
    return storeBytes(data, element, value);
  }
}

int32_t Tensor::loadInt(uint64_t i, uint64_t j) const {
  return loadBytes<int32_t>(data, i * strides[0] + j * strides[1]);
}

} // namespace cria::reference
