// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The classes of activations: the precision that a target's matrix products take their input in, and the
// formats of weights that each multiplies. format/ActivationProduct.h defines the products bit for bit.
// Plugins may include this file.
#pragma once

#include "format/WeightFormat.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace cria {

/// What a product rounds its input to; sums and everything else are f32.
enum class ActivationClass : uint8_t {
  f32,
  f16,
  bf16,
  int8, ///< codes of 8 bits with a scale for each group of 32 columns
};

/// The names in manifests, in the opset and of `--activations`, in the order of the enumerators.
inline constexpr std::array<std::string_view, 4> kActivationClasses = {"f32", "f16", "bf16", "int8"};

constexpr std::string_view nameOf(ActivationClass activations) {
  return kActivationClasses[static_cast<size_t>(activations)];
}

/// The inverse of nameOf(); nullopt for any other text.
constexpr std::optional<ActivationClass> parseActivationClass(std::string_view name) {
  for (size_t i = 0; i < kActivationClasses.size(); ++i) {
    if (kActivationClasses[i] == name) {
      return static_cast<ActivationClass>(i);
    }
  }
  return std::nullopt;
}

/// Returns whether weights in `format` are multiplied with activations of a class, as the opset has it: f16
/// and bf16 with their own values, int8 with codes. The target cuda also multiplies codes in f16.
constexpr bool multiplies(ActivationClass activations, const WeightFormatTraits &format) {
  switch (activations) {
  case ActivationClass::f32:
    return true;
  case ActivationClass::f16:
    return isDense(format) && format.element == ElementType::f16;
  case ActivationClass::bf16:
    return isDense(format) && format.element == ElementType::bf16;
  case ActivationClass::int8:
    return !isDense(format);
  }
  return false;
}

/// Whether products take their input in bf16.
constexpr bool roundsToBfloat(ActivationClass activations) { return activations == ActivationClass::bf16; }

/// What the scale of a group is in class int8.
enum class Int8Encoding : uint8_t {
  a8,  ///< any f32
  a8p, ///< a power of two
};

/// The encoding that weights in a format with codes are multiplied with: a8 for codes of 8 bits, whose error
/// would otherwise double; a8p for all below.
constexpr Int8Encoding int8EncodingFor(const WeightFormatTraits &format) {
  return format.bits >= 8 ? Int8Encoding::a8 : Int8Encoding::a8p;
}

} // namespace cria
