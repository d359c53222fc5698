// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Builds the llama module of a model from its configuration: weights as recipes, and @forward in primitive
// ops. The same for every frontend; no tensor data has been read by then.
#pragma once

#include "format/ModelConfig.h"
#include "frontends/LlamaTensors.h"
#include "frontends/WeightRules.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace cria {

/// The recipe of a weight (frontends/Recipes.h).
using RecipeSource = llvm::function_ref<mlir::Attribute(LlamaTensor tensor)>;

struct GraphOptions {
  /// Has passed ModelConfig::check(). `context` is the number of positions of the RoPE table.
  ModelConfig config;
  /// Formats of matrices. Norm weights and the RoPE table are always f32.
  WeightRules weights;
  /// Element type of the KV cache: f16, f32 or i8.
  mlir::Type kvType;
};

/// Returns the verified module, or null after a diagnostic.
mlir::OwningOpRef<mlir::ModuleOp> buildGraph(mlir::MLIRContext &context, const GraphOptions &options,
                                             RecipeSource recipe);

} // namespace cria
