// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Evaluates weight recipes by rows. Each operation maps its rows to rows of its inputs, so that
// buffers of a few megabytes suffice for models of any size.
#pragma once

#include "format/TensorReader.h"
#include "support/Status.h"

#include "ir/LlamaTypes.h"

#include "mlir/IR/Attributes.h"

#include <functional>
#include <memory>

namespace cria {

/// The rows that a recipe evaluates to, in one element type. Immutable and thread-safe. A vector is one row.
class WeightRows {
public:
  virtual ~WeightRows() = default;

  int64_t rows() const { return rows_; }
  int64_t columns() const { return columns_; }

  /// Writes rows [first, first + count) to `target`, row-major, aligned for the element type.
  /// Errors: io; invalidArgument when a finite value overflows the element type (names tensor and position).
  virtual Status read(int64_t first, int64_t count, std::byte *target) const = 0;

protected:
  WeightRows(int64_t rows, int64_t columns) : rows_(rows), columns_(columns) {}

private:
  int64_t rows_, columns_;
};

/// Makes the rows of a tensor of the checkpoint in the element type `type`.
using CheckpointRowsFactory =
    std::function<StatusOr<std::unique_ptr<WeightRows>>(llama::CheckpointAttr recipe, ElementType type)>;

/// Plans the evaluation of a verified recipe to elements of `type` (f32, f16 or bf16). `tensors` outlives the
/// result.
/// Errors: notFound when the checkpoint lacks a tensor; invalidArgument when its shape or type differs from
/// the recipe.
StatusOr<std::unique_ptr<WeightRows>> planWeightRows(mlir::Attribute recipe, ElementType type,
                                                     const TensorReader &tensors);

/// The same with other sources in place of a checkpoint's tensors; errors are those of the factory.
StatusOr<std::unique_ptr<WeightRows>> planWeightRows(mlir::Attribute recipe, ElementType type,
                                                     const CheckpointRowsFactory &checkpointRows);

} // namespace cria
