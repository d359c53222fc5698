// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Element types of tensors in files: those of the plugin ABI with the same numbers, and the ones that only
// appear in safetensors files, which are read but not computed with.
#pragma once

#include "plugins/api/cria_plugin.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace cria {

enum class DataType : uint32_t {
  f32 = CRIA_TYPE_F32,
  f16 = CRIA_TYPE_F16,
  bf16 = CRIA_TYPE_BF16,
  i32 = CRIA_TYPE_I32,
  u32 = CRIA_TYPE_U32,
  u8 = CRIA_TYPE_U8,
  i8 = CRIA_TYPE_I8,
  // Only in files.
  f64 = 100,
  i64,
  u64,
  i16,
  u16,
  boolean,
  f8e4m3,
  f8e5m2,
};

/// Bytes of one element.
constexpr uint64_t sizeOf(DataType type) {
  switch (type) {
  case DataType::f64:
  case DataType::i64:
  case DataType::u64:
    return 8;
  case DataType::f32:
  case DataType::i32:
  case DataType::u32:
    return 4;
  case DataType::f16:
  case DataType::bf16:
  case DataType::i16:
  case DataType::u16:
    return 2;
  default:
    return 1;
  }
}

/// The name in programs and manifests: "f32", "bf16".
std::string_view nameOf(DataType type);
/// The reverse of nameOf() for the types a program may use; nullopt for any other text.
std::optional<DataType> programTypeOf(std::string_view name);

/// The name in safetensors headers: "F32", "BF16".
std::string_view safetensorsNameOf(DataType type);
std::optional<DataType> safetensorsTypeOf(std::string_view name);

} // namespace cria
