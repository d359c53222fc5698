// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The element types. Those that programs compute with have the values of the plugin ABI (CRIA_TYPE_*). The
// others occur only in safetensors files.
#pragma once

#include "cria_plugin.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace cria {

enum class ElementType : uint32_t {
  f32 = 1,
  f16 = 2,
  bf16 = 3,
  i32 = 4,
  u32 = 5,
  u8 = 6,
  i8 = 7,
  // Only in safetensors files.
  f64 = 100,
  i64,
  u64,
  i16,
  u16,
  boolean,
  f8e4m3,
  f8e5m2,
};
static_assert(uint32_t(ElementType::f32) == CRIA_TYPE_F32 && uint32_t(ElementType::f16) == CRIA_TYPE_F16 &&
              uint32_t(ElementType::bf16) == CRIA_TYPE_BF16 && uint32_t(ElementType::i32) == CRIA_TYPE_I32 &&
              uint32_t(ElementType::u32) == CRIA_TYPE_U32 && uint32_t(ElementType::u8) == CRIA_TYPE_U8 &&
              uint32_t(ElementType::i8) == CRIA_TYPE_I8);

/// Returns whether programs compute with the type, that is, whether it is a CRIA_TYPE_*.
constexpr bool isProgramType(ElementType type) { return type <= ElementType::i8; }

/// The size of one element in bytes.
constexpr uint64_t sizeOf(ElementType type) {
  switch (type) {
  case ElementType::f64:
  case ElementType::i64:
  case ElementType::u64:
    return 8;
  case ElementType::f32:
  case ElementType::i32:
  case ElementType::u32:
    return 4;
  case ElementType::f16:
  case ElementType::bf16:
  case ElementType::i16:
  case ElementType::u16:
    return 2;
  case ElementType::u8:
  case ElementType::i8:
  case ElementType::boolean:
  case ElementType::f8e4m3:
  case ElementType::f8e5m2:
    return 1;
  }
  __builtin_unreachable(); // not an enumerator
}

namespace detail {
struct TypeNames {
  ElementType type;
  std::string_view name, safetensorsName;
};

inline constexpr TypeNames kTypeNames[] = {
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

template <typename Matches> constexpr const TypeNames *findNames(Matches matches) {
  for (const TypeNames &names : kTypeNames) {
    if (matches(names)) {
      return &names;
    }
  }
  return nullptr;
}
} // namespace detail

/// The name in programs, manifests and options: "f32", "bf16".
constexpr std::string_view nameOf(ElementType type) {
  const auto *names = detail::findNames([&](const auto &n) { return n.type == type; });
  return names != nullptr ? names->name : "?";
}

/// The inverse of nameOf() for the types of programs; nullopt for any other text.
constexpr std::optional<ElementType> parseElementType(std::string_view name) {
  const auto *names = detail::findNames([&](const auto &n) { return n.name == name; });
  if (names == nullptr || !isProgramType(names->type)) {
    return std::nullopt;
  }
  return names->type;
}

/// The name in safetensors headers: "F32", "BF16".
constexpr std::string_view safetensorsNameOf(ElementType type) {
  const auto *names = detail::findNames([&](const auto &n) { return n.type == type; });
  return names != nullptr ? names->safetensorsName : "?";
}

/// The inverse of safetensorsNameOf(); nullopt for any other text.
constexpr std::optional<ElementType> safetensorsTypeOf(std::string_view name) {
  const auto *names = detail::findNames([&](const auto &n) { return n.safetensorsName == name; });
  return names != nullptr ? std::optional(names->type) : std::nullopt;
}

} // namespace cria
