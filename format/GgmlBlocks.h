// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The blocks of ggml: how GGUF files store the formats that ggml defines. The same numbers as in an encoded
// row (format/WeightArrays.h), in another order, so that conversion loses nothing in either direction.
// Thread-safe.
#pragma once

#include "format/WeightFormat.h"

#include <cstddef>

namespace cria {

/// What a block of ggml holds.
struct GgmlBlock {
  size_t columns = 0; // values along K; 0: ggml does not have the format
  size_t bytes = 0;
};
GgmlBlock ggmlBlockOf(WeightFormat format);

/// Converts the blocks of a row of `columns` columns to an encoded row, and back to the same bytes. Neither
/// side needs alignment; they do not overlap. REQUIRES: columns is a multiple of ggmlBlockOf(format).columns.
void rowFromGgmlBlocks(WeightFormat format, const std::byte *blocks, size_t columns, std::byte *row);
void ggmlBlocksFromRow(WeightFormat format, const std::byte *row, size_t columns, std::byte *blocks);

} // namespace cria
