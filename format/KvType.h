// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The types of the KV cache: f32, f16 and q8. In programs and in the IR, q8 has the element type of its
// codes, i8; each vector of K or V of a head then has a scale in addition (format/KvCodec.h). Thread-safe.
#pragma once

#include "format/ElementType.h"

namespace cria {

/// The names in options, manifests and messages.
inline constexpr std::string_view kKvTypeNames = "f32, f16 or q8";
/// The type of the scales of a cache that has them.
inline constexpr ElementType kKvScaleType = ElementType::f16;

constexpr bool isKvType(ElementType type) {
  return type == ElementType::f32 || type == ElementType::f16 || type == ElementType::i8;
}

/// Returns whether keys and values are codes, with a scale for each vector.
constexpr bool hasKvScales(ElementType type) { return type == ElementType::i8; }

/// "f32", "f16" or "q8". REQUIRES: isKvType(type).
constexpr std::string_view kvTypeNameOf(ElementType type) { return hasKvScales(type) ? "q8" : nameOf(type); }

/// The inverse of kvTypeNameOf(); nullopt for any other text.
constexpr std::optional<ElementType> parseKvType(std::string_view name) {
  for (const ElementType type : {ElementType::f32, ElementType::f16, ElementType::i8}) {
    if (kvTypeNameOf(type) == name) {
      return type;
    }
  }
  return std::nullopt;
}

} // namespace cria
