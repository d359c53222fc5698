// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Encodes and decodes rows of weights (format/WeightArrays.h has the bytes of an encoded row).
#pragma once

#include "format/WeightFormat.h"

#include <cstddef>
#include <optional>
#include <span>

namespace cria {

/// Encodes a row in a format that hasCodec(). row: rowBytes(format, values.size()) bytes without alignment,
/// overwritten. In dense formats, infinities stay infinities and NaNs stay NaNs; in a group with a scale,
/// one of them makes all values of the group NaN. errorWeights: how much the squared error of each value
/// counts, finite and positive; empty: all the same. They matter where searchesCodes(). Returns the index of
/// the first finite value that does not fit, if any; where searchesCodes(), none beyond 2^50 does.
std::optional<size_t> encodeRow(const WeightFormatTraits &format, std::span<const float> values,
                                std::byte *row, std::span<const float> errorWeights = {});
/// Whether encodeRow() searches for the least squared error. It does not for dense formats and for those with
/// the bytes of ggml.
bool searchesCodes(const WeightFormatTraits &format);
/// Decodes a row of values.size() columns in a format that hasCodec(). values: overwritten.
void decodeRow(const WeightFormatTraits &format, const std::byte *row, std::span<float> values);

/// Returns the column of the first NaN or infinity of an encoded row, if any. In a group with a scale that is
/// not finite, it is the first column of the group.
std::optional<size_t> findNonFinite(const WeightFormatTraits &format, const std::byte *row, size_t columns);

} // namespace cria
