// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Evaluates weight recipes row by row: each step knows which rows of its inputs its own rows come from, so
// that any model streams through buffers of a few megabytes.
#pragma once

#include "format/Safetensors.h"
#include "support/Status.h"

#include "mlir/IR/Attributes.h"

#include <functional>
#include <memory>
#include <optional>

namespace cria {

/// A tensor of the checkpoint: file and entry, borrowed as long as recipes are evaluated.
struct TensorSource {
  const SafetensorsFile *file = nullptr;
  const SafetensorsEntry *entry = nullptr;
};
/// Finds a tensor by name; nullopt when there is none.
using TensorLookup = std::function<std::optional<TensorSource>(std::string_view name)>;

/// The rows of a recipe, converted to one element type. Immutable; any number of threads may read.
/// A recipe of one extent is one row.
class WeightRows {
public:
  virtual ~WeightRows() = default;

  int64_t rows() const { return rows_; }
  int64_t columns() const { return columns_; }

  /// Writes rows [first, first + count) to `target`, row-major, aligned for the element type.
  /// Errors: io; invalidArgument when a finite value does not fit the type (names tensor and place).
  virtual Status read(int64_t first, int64_t count, std::byte *target) const = 0;

protected:
  WeightRows(int64_t rows, int64_t columns) : rows_(rows), columns_(columns) {}

private:
  int64_t rows_, columns_;
};

/// Plans the evaluation of a verified recipe to elements of `type` (f32, f16 or bf16).
/// Errors: notFound when the checkpoint lacks a tensor; invalidArgument when it has another shape or type
/// than stated.
StatusOr<std::unique_ptr<WeightRows>> planWeightRows(mlir::Attribute recipe, ElementType type,
                                                     const TensorLookup &tensors);

} // namespace cria
