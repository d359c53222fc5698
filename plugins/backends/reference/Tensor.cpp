// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads and writes elements of any type as f32.
#include "Tensor.h"

#include "support/Half.h"

#include <cstring>

namespace cria::reference {
namespace {

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
    return floatFromHalf(loadBytes<uint16_t>(data, element));
  case CRIA_TYPE_BF16:
    return floatFromBfloat16(loadBytes<uint16_t>(data, element));
  case CRIA_TYPE_I8:
    return loadBytes<int8_t>(data, element);
  default:
    return loadBytes<float>(data, element);
  }
}

void Tensor::storeAt(uint64_t element, float value) const {
  switch (type) {
  case CRIA_TYPE_F16:
    return storeBytes(data, element, halfFromFloat(value));
  case CRIA_TYPE_BF16:
    return storeBytes(data, element, bfloat16FromFloat(value));
  case CRIA_TYPE_I8:
    return storeBytes(data, element, static_cast<int8_t>(value));
  default:
    return storeBytes(data, element, value);
  }
}

int32_t Tensor::loadInt(uint64_t i, uint64_t j) const {
  return loadBytes<int32_t>(data, i * strides[0] + j * strides[1]);
}

} // namespace cria::reference
