// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Recipes of a model's weights as attributes of the llama dialect: from the tensors of a checkpoint, or
// random. The package writer evaluates them (passes/codegen/WeightRecipes.h).
#pragma once

#include "frontends/Checkpoint.h"
#include "frontends/LlamaTensors.h"

#include "mlir/IR/Attributes.h"
#include "mlir/IR/MLIRContext.h"

namespace cria {

/// The recipe that the checkpoint's frontend gives for `tensor`, one of llamaTensors(checkpoint.config).
mlir::Attribute checkpointRecipe(mlir::MLIRContext &context, const Checkpoint &checkpoint,
                                 LlamaTensor tensor);

/// Values that follow from `seed` for a matrix, ones for the weight of a norm.
mlir::Attribute randomRecipe(mlir::MLIRContext &context, uint32_t seed, const ModelConfig &config,
                             LlamaTensor tensor);

} // namespace cria
