// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Conversion between the element types of dense weights: exact where it widens, to nearest even where it
// narrows.
#pragma once

#include "format/ElementType.h"

#include <cstddef>
#include <optional>

namespace cria {

/// Converts `count` elements from f32, f16 or bf16 to f32, f16 or bf16. Neither side needs alignment; they
/// do not overlap. Infinities stay infinities and NaNs stay NaNs. Returns the index of the first finite
/// element that became infinite, if any.
std::optional<size_t> convertElements(ElementType sourceType, const std::byte *source, ElementType targetType,
                                      std::byte *target, size_t count);

} // namespace cria
