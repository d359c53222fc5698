// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads and writes elements of floating-point types, i8 and u8 as f32.
#include "Tensor.h"

#include "plugins/sdk/cria_plugin.hpp"
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

[[noreturn]] void refuseType(uint32_t type) {
  throw plugin::Refusal(CRIA_STATUS_UNSUPPORTED,
                        "expected elements of type f32, f16, bf16, i8 or u8, got type " +
                            std::to_string(type));
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
  case CRIA_TYPE_U8:
    return loadBytes<uint8_t>(data, element);
  case CRIA_TYPE_F32:
    return loadBytes<float>(data, element);
  default:
    refuseType(type);
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
  case CRIA_TYPE_U8:
    return storeBytes(data, element, static_cast<uint8_t>(value));
  case CRIA_TYPE_F32:
    return storeBytes(data, element, value);
  default:
    refuseType(type);
  }
}

int32_t Tensor::loadInt(uint64_t i, uint64_t j) const {
  return loadBytes<int32_t>(data, i * strides[0] + j * strides[1]);
}

std::vector<float> loadRow(const Tensor &tensor, uint64_t row) {
  std::vector<float> values(tensor.shape[1]);
  for (uint64_t k = 0; k < values.size(); ++k) {
    values[k] = tensor.load(row, k);
  }
  return values;
}

} // namespace cria::reference
