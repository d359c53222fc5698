// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The classes of activations: the precision that a target's matrix products take their input in.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace cria {

/// The least precise type to which a product rounds its input; sums and everything else are f32.
enum class ActivationClass : uint8_t { f32, f16, bf16 };

/// The names in manifests, in the order of the enumerators.
inline constexpr std::array<std::string_view, 3> kActivationClasses = {"f32", "f16", "bf16"};

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

} // namespace cria
