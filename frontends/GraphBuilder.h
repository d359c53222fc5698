// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Builds the llama module of a model from its configuration: weights as recipes, and @forward in primitive
// ops. Every frontend ends here; only headers have been read by then.
#pragma once

#include "format/ModelConfig.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace cria {

/// The recipe of one checkpoint tensor, by its Hugging Face name. Shape: one or two extents.
using RecipeSource =
    llvm::function_ref<mlir::Attribute(llvm::StringRef tensor, llvm::ArrayRef<int64_t> shape)>;

struct GraphOptions {
  /// Checked (ModelConfig::check). `context` is the number of positions of the RoPE table.
  ModelConfig config;
  /// f32, f16 or bf16: matrices. Norm weights and the RoPE table are f32 always.
  mlir::Type weightType;
  /// f16 or f32.
  mlir::Type kvType;
};

/// The module, verified; null after a diagnostic.
mlir::OwningOpRef<mlir::ModuleOp> buildGraph(mlir::MLIRContext &context, const GraphOptions &options,
                                             RecipeSource recipe);

} // namespace cria
