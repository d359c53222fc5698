// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "frontends/CalibratedModel.h"

#include "format/WeightArrays.h"
#include "format/WeightCodec.h"
#include "frontends/Frontend.h"
#include "frontends/LlamaTensors.h"

namespace cria {

CalibratedModel calibratedModel(const ModelConfig &config, const VectorsByName &norms) {
  CalibratedModel model = {.identity = identityOf(config, norms)};
  for (const LlamaTensor tensor : linearMatrices(config)) {
    model.columns[weightNameOf(tensor)] = shapeOf(tensor, config).back();
  }
  return model;
}

/// A tensor of rank 1.
static StatusOr<std::vector<float>> readVector(const TensorReader &tensors, const std::string &name) {
  const TensorInfo &info = *tensors.find(name); // checkTensors() has found every tensor, in a format
  const WeightFormatTraits &format = traitsOf(*info.format);
  std::vector<std::byte> row(rowBytes(format, info.shape.back()));
  CRIA_RETURN_IF_ERROR(tensors.readRows(name, 0, 1, row));
  std::vector<float> values(static_cast<size_t>(info.shape.back()));
  decodeRow(format, row.data(), values);
  return values;
}

static StatusOr<VectorsByName> readNorms(const Checkpoint &checkpoint) {
  VectorsByName norms;
  for (const LlamaTensor tensor : llamaTensors(checkpoint.config)) {
    if (shapeOf(tensor, checkpoint.config).size() == 1) {
      const TensorRecipe recipe = checkpoint.frontend->recipe(tensor, checkpoint.config);
      CRIA_ASSIGN_OR_RETURN(norms[weightNameOf(tensor)], readVector(*checkpoint.tensors, recipe.tensor));
    }
  }
  return norms;
}

StatusOr<VectorsByName> readErrorWeights(const std::string &path, const Checkpoint &checkpoint) {
  CRIA_ASSIGN_OR_RETURN(const VectorsByName norms, readNorms(checkpoint));
  CRIA_ASSIGN_OR_RETURN(const VectorsByName means,
                        readImportance(path, calibratedModel(checkpoint.config, norms)));
  VectorsByName weights;
  for (const LlamaTensor tensor : linearMatrices(checkpoint.config)) {
    const std::string name = checkpoint.frontend->recipe(tensor, checkpoint.config).tensor;
    weights[name] = errorWeightsOf(means.find(weightNameOf(tensor))->second);
  }
  return weights;
}

} // namespace cria
