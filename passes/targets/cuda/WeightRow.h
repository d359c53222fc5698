// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads rows of weights of any format in kernels, as their description says (format/WeightFormat.h). Weights
// with codes have the layout row_padded, in which every load of a chunk is aligned. Values are those of
// format/WeightCodec.h bit for bit: products and sums are rounded to f32 each, and subnormal operands and
// results are zeros.
#pragma once

#include "format/WeightArrays.h"
#include "passes/targets/cuda/DeviceEmitter.h"

namespace cria::cuda {

/// The names of the bindings of a weight, one for each of its arrays.
std::vector<std::string> weightBindings(llvm::StringRef weight, const WeightFormatTraits &format);
/// The parameters for these bindings; they borrow the names.
llvm::SmallVector<KernelParameter> weightParameters(mlir::MLIRContext *context,
                                                    llvm::ArrayRef<std::string> names,
                                                    const WeightFormatTraits &format);

/// A row that a thread reads chunk by chunk: a chunk is loaded as it is stored, and may stay in flight until
/// its values are asked for.
class WeightRow {
public:
  using Values = DeviceEmitter::Values;
  static constexpr int64_t kPart = 8; ///< columns whose values are computed together

  /// Row `row` of the weight with bindings weightBindings(weight, format), in layout row_padded. `format` is
  /// borrowed.
  WeightRow(KernelFunction &kernel, llvm::StringRef weight, const WeightFormatTraits &format, int64_t columns,
            Index row);
  /// The row `distance` rows further.
  WeightRow after(int64_t distance) const;

  /// Columns of a chunk: 8 of a dense weight, 16 of a weight with codes of 8 bits, else 32, which begin at a
  /// word.
  static int64_t chunkOf(const WeightFormatTraits &format);
  int64_t parts() const { return chunkOf(format_) / kPart; }

  /// Loads the chunk from column `first` on, a multiple of chunkOf(). REQUIRES: it is in the padded row.
  Values load(Index first) const;
  /// The f32 values of columns [8 · part, 8 · part + 8) of a chunk that load() returned.
  Values values(llvm::ArrayRef<mlir::Value> chunk, int64_t part) const;

private:
  using Chunk = llvm::ArrayRef<mlir::Value>;

  /// The row of one plane, and its loads in a chunk.
  struct Plane {
    std::string_view suffix;
    Pointer row;
    int64_t pitch; ///< elements from row to row
    int64_t span;  ///< columns that share an element, or as many as begin at an element
    int64_t lanes; ///< elements of a load
    int64_t loads; ///< in a chunk
    int64_t first; ///< index of its first load in a chunk
  };

  Plane planeOf(const WeightPlane &plane, const WeightArray &array, Pointer buffer) const;
  mlir::Value stored(Chunk chunk, std::string_view suffix, int64_t part) const;
  mlir::Value floatOf(Chunk chunk, std::string_view suffix, int64_t part) const;
  Index integerOf(Chunk chunk, std::string_view suffix, int64_t part, bool isSigned = false) const;

  Values denseValues(Chunk chunk) const;
  Values integers(Chunk chunk, int64_t part) const;
  mlir::Value zero(Chunk chunk, int64_t part) const;
  Index word(Chunk chunk, int64_t index) const;
  Index linearCode(Chunk chunk, int64_t column) const;
  Index tableBytes(Index codes) const;
  mlir::Value scale(Chunk chunk, int64_t part) const;
  mlir::Value offset(Chunk chunk, int64_t part) const;

  DeviceEmitter *e_;
  const WeightFormatTraits &format_;
  llvm::SmallVector<Plane, 5> planes_; ///< the first has the codes, as words, or the dense values
};

} // namespace cria::cuda
