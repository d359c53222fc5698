// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The names of element types, in one table.
#include "format/DataType.h"

namespace cria {

namespace {
struct TypeNames {
  DataType type;
  std::string_view name, safetensorsName;
};

constexpr TypeNames kTypeNames[] = {
    {DataType::f32, "f32", "F32"},
    {DataType::f16, "f16", "F16"},
    {DataType::bf16, "bf16", "BF16"},
    {DataType::i32, "i32", "I32"},
    {DataType::u32, "u32", "U32"},
    {DataType::u8, "u8", "U8"},
    {DataType::i8, "i8", "I8"},
    {DataType::f64, "f64", "F64"},
    {DataType::i64, "i64", "I64"},
    {DataType::u64, "u64", "U64"},
    {DataType::i16, "i16", "I16"},
    {DataType::u16, "u16", "U16"},
    {DataType::boolean, "i1", "BOOL"},
    {DataType::f8e4m3, "f8e4m3", "F8_E4M3"},
    {DataType::f8e5m2, "f8e5m2", "F8_E5M2"},
};

const TypeNames *find(auto &&matches) {
  for (const TypeNames &names : kTypeNames) {
    if (matches(names)) {
      return &names;
    }
  }
  return nullptr;
}
} // namespace

std::string_view nameOf(DataType type) {
  const TypeNames *names = find([&](const TypeNames &n) { return n.type == type; });
  return names ? names->name : "?";
}

std::optional<DataType> programTypeOf(std::string_view name) {
  const TypeNames *names = find([&](const TypeNames &n) { return n.name == name; });
  if (!names || names->type > DataType::i8) {
    return std::nullopt;
  }
  return names->type;
}

std::string_view safetensorsNameOf(DataType type) {
  const TypeNames *names = find([&](const TypeNames &n) { return n.type == type; });
  return names ? names->safetensorsName : "?";
}

std::optional<DataType> safetensorsTypeOf(std::string_view name) {
  const TypeNames *names = find([&](const TypeNames &n) { return n.safetensorsName == name; });
  return names ? std::optional(names->type) : std::nullopt;
}

} // namespace cria
