// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Random rows (format/RandomWeights.h) of formats with codes, encoded. Thread-safe.
#pragma once

#include "format/WeightFormat.h"

#include <cstddef>
#include <cstdint>

namespace cria {

/// Writes the row with a key (randomRowKey()). row: rowBytes(format, columns) bytes, overwritten.
/// REQUIRES: the format has codes.
void encodeRandomRow(const WeightFormatTraits &format, uint32_t rowKey, int64_t columns, std::byte *row);

} // namespace cria
