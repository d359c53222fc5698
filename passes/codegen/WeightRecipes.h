// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Evaluates weight recipes by rows. Every recipe gathers rows of its sources. A source encodes its rows in
// the format of the weight, unless the checkpoint holds them so already; the operations move encoded rows. So
// buffers of a few megabytes suffice for models of any size.
#pragma once

#include "format/Importance.h"
#include "format/TensorReader.h"
#include "support/Status.h"

#include "ir/LlamaTypes.h"

#include "mlir/IR/Attributes.h"

#include <functional>
#include <memory>

namespace cria {

/// The rows that a recipe evaluates to, encoded in one format. Immutable and thread-safe. A vector is one
/// row.
class WeightRows {
public:
  virtual ~WeightRows() = default;

  int64_t rows() const { return rows_; }
  int64_t columns() const { return columns_; }

  /// Writes rows [first, first + count) to `target`, each of rowBytes() of the format
  /// (format/WeightArrays.h). Errors: io; invalidArgument when a finite value does not fit the format (names
  /// tensor and position).
  virtual Status read(int64_t first, int64_t count, std::byte *target) const = 0;

protected:
  WeightRows(int64_t rows, int64_t columns) : rows_(rows), columns_(columns) {}

private:
  int64_t rows_, columns_;
};

/// Makes the rows of a tensor of the checkpoint in `format`.
using CheckpointRowsFactory =
    std::function<StatusOr<std::unique_ptr<WeightRows>>(llama::CheckpointAttr recipe, WeightFormat format)>;

/// The tensors of a checkpoint, borrowed, and what the squared errors of their columns count when they are
/// encoded: positive, f32 [K], by the name of the tensor. A tensor that is not listed has equal ones.
struct CheckpointSources {
  const TensorReader &tensors;
  const VectorsByName &errorWeights;
};

/// Plans the evaluation of a verified recipe to rows in `format`. What `sources` refers to outlives the
/// result. Errors: notFound when the checkpoint lacks a tensor; invalidArgument when its shape or format
/// differs from the recipe.
StatusOr<std::unique_ptr<WeightRows>> planWeightRows(mlir::Attribute recipe, WeightFormat format,
                                                     const CheckpointSources &sources);
/// The same with equal errors.
StatusOr<std::unique_ptr<WeightRows>> planWeightRows(mlir::Attribute recipe, WeightFormat format,
                                                     const TensorReader &tensors);

/// The same with other sources in place of a checkpoint's tensors; errors are those of the factory.
StatusOr<std::unique_ptr<WeightRows>> planWeightRows(mlir::Attribute recipe, WeightFormat format,
                                                     const CheckpointRowsFactory &checkpointRows);

} // namespace cria
