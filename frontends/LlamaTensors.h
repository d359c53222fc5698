// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The tensors of a LLaMA model by role and layer: the one table of their names and shapes. The graph builder,
// the check of a checkpoint and the recipes of random weights read it.
#pragma once

#include "format/ModelConfig.h"

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cria {

/// The role of a tensor in the model. All but embedding, norm and output exist once in each layer.
enum class TensorRole : uint8_t {
  embedding,
  attnNorm,
  attnQ,
  attnK,
  attnV,
  attnO,
  mlpNorm,
  mlpGate,
  mlpUp,
  mlpDown,
  norm,
  output,
};

/// One tensor of a model. `layer` is 0 for a role that exists once.
struct LlamaTensor {
  TensorRole role;
  int64_t layer = 0;

  auto operator<=>(const LlamaTensor &) const = default;
};

/// The tensors of a model in forward order; without the output matrix where it is tied to the embedding.
std::vector<LlamaTensor> llamaTensors(const ModelConfig &config);

/// The matrices that linear layers read, in forward order; the embedding is one of them where the output is
/// tied to it.
std::vector<LlamaTensor> linearMatrices(const ModelConfig &config);

/// "q": the role's part of names of weights.
std::string_view roleName(TensorRole role);
/// Whether the role exists once in each layer.
bool isPerLayer(TensorRole role);

/// [rows, columns] of a matrix, [size] of a norm's weight.
std::vector<int64_t> shapeOf(LlamaTensor tensor, const ModelConfig &config);

/// The name of the weight in the graph and in packages: "layers.3.q".
std::string weightNameOf(LlamaTensor tensor);

/// The name that Hugging Face checkpoints use: "model.layers.3.self_attn.q_proj.weight". It is also the
/// identity of the tensor in the hash of random weights (format/RandomWeights.h), so it never changes.
std::string huggingFaceNameOf(LlamaTensor tensor);

} // namespace cria
