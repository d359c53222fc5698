// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "frontends/Recipes.h"

#include "frontends/Frontend.h"
#include "ir/LlamaTypes.h"

namespace cria {

using namespace mlir;

Attribute checkpointRecipe(MLIRContext &context, const Checkpoint &checkpoint, LlamaTensor tensor) {
  const TensorRecipe recipe = checkpoint.frontend->recipe(tensor, checkpoint.config);
  // checkTensors() has found every tensor that a recipe names, in a format of weights.
  const TensorInfo &source = *checkpoint.tensors->find(recipe.tensor);
  const Attribute rows = llama::CheckpointAttr::get(&context, recipe.tensor, *source.format, source.shape);
  return recipe.interleavedHeads == 0 ? rows
                                      : llama::PermuteRopeAttr::get(&context, rows, recipe.interleavedHeads);
}

Attribute randomRecipe(MLIRContext &context, uint32_t seed, const ModelConfig &config, LlamaTensor tensor) {
  const std::vector<int64_t> shape = shapeOf(tensor, config);
  if (shape.size() == 1) {
    return llama::OnesAttr::get(&context, shape[0]);
  }
  return llama::RandomAttr::get(&context, seed, huggingFaceNameOf(tensor), shape[0], shape[1]);
}

} // namespace cria
