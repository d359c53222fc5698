// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The table of the names of element types.
#include "format/ElementType.h"

namespace cria {

namespace {
struct TypeNames {
  ElementType type;
  std::string_view name, safetensorsName;
};

constexpr TypeNames kTypeNames[] = {
    {ElementType::f32, "f32", "F32"},
    {ElementType::f16, "f16", "F16"},
    {ElementType::bf16, "bf16", "BF16"},
    {ElementType::i32, "i32", "I32"},
    {ElementType::u32, "u32", "U32"},
    {ElementType::u8, "u8", "U8"},
    {ElementType::i8, "i8", "I8"},
    {ElementType::f64, "f64", "F64"},
    {ElementType::i64, "i64", "I64"},
    {ElementType::u64, "u64", "U64"},
    {ElementType::i16, "i16", "I16"},
    {ElementType::u16, "u16", "U16"},
    {ElementType::boolean, "i1", "BOOL"},
    {ElementType::f8e4m3, "f8e4m3", "F8_E4M3"},
    {ElementType::f8e5m2, "f8e5m2", "F8_E5M2"},
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

std::string_view nameOf(ElementType type) {
  const TypeNames *names = find([&](const TypeNames &n) { return n.type == type; });
  return names ? names->name : "?";
}

std::optional<ElementType> parseElementType(std::string_view name) {
  const TypeNames *names = find([&](const TypeNames &n) { return n.name == name; });
  if (!names || !isProgramType(names->type)) {
    return std::nullopt;
  }
  return names->type;
}

std::string_view safetensorsNameOf(ElementType type) {
  const TypeNames *names = find([&](const TypeNames &n) { return n.type == type; });
  return names ? names->safetensorsName : "?";
}

std::optional<ElementType> safetensorsTypeOf(std::string_view name) {
  const TypeNames *names = find([&](const TypeNames &n) { return n.safetensorsName == name; });
  return names ? std::optional(names->type) : std::nullopt;
}

} // namespace cria
