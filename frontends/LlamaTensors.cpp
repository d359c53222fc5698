// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The table of roles.
#include "frontends/LlamaTensors.h"

#include <array>

namespace cria {

namespace {

/// A dimension of a weight, as a function of the configuration.
enum class Dimension : uint8_t { none, model, queryHeads, kvHeads, ffn, vocabulary };

struct RoleTraits {
  TensorRole role;
  bool isPerLayer;
  std::string_view weightName;
  std::string_view huggingFaceName;
  Dimension rows; ///< none: the weight is a vector
  Dimension columns;
};

/// In forward order and in the order of TensorRole.
constexpr std::array kRoles = std::to_array<RoleTraits>({
    {TensorRole::embedding, false, "embedding", "model.embed_tokens", Dimension::vocabulary,
     Dimension::model},
    {TensorRole::attnNorm, true, "attention_norm", "input_layernorm", Dimension::none, Dimension::model},
    {TensorRole::attnQ, true, "q", "self_attn.q_proj", Dimension::queryHeads, Dimension::model},
    {TensorRole::attnK, true, "k", "self_attn.k_proj", Dimension::kvHeads, Dimension::model},
    {TensorRole::attnV, true, "v", "self_attn.v_proj", Dimension::kvHeads, Dimension::model},
    {TensorRole::attnO, true, "o", "self_attn.o_proj", Dimension::model, Dimension::queryHeads},
    {TensorRole::mlpNorm, true, "mlp_norm", "post_attention_layernorm", Dimension::none, Dimension::model},
    {TensorRole::mlpGate, true, "gate", "mlp.gate_proj", Dimension::ffn, Dimension::model},
    {TensorRole::mlpUp, true, "up", "mlp.up_proj", Dimension::ffn, Dimension::model},
    {TensorRole::mlpDown, true, "down", "mlp.down_proj", Dimension::model, Dimension::ffn},
    {TensorRole::norm, false, "norm", "model.norm", Dimension::none, Dimension::model},
    {TensorRole::output, false, "output", "lm_head", Dimension::vocabulary, Dimension::model},
});

constexpr bool followsTheEnum() {
  for (size_t i = 0; i < kRoles.size(); ++i) {
    if (kRoles[i].role != static_cast<TensorRole>(i)) {
      return false;
    }
  }
  return kRoles.back().role == TensorRole::output;
}
static_assert(followsTheEnum(), "one row per role, in the order of TensorRole");

const RoleTraits &traitsOf(TensorRole role) { return kRoles[static_cast<size_t>(role)]; }

int64_t sizeOf(Dimension dimension, const ModelConfig &config) {
  switch (dimension) {
  case Dimension::none:
    return 1;
  case Dimension::model:
    return config.dim;
  case Dimension::queryHeads:
    return config.heads * config.headDim;
  case Dimension::kvHeads:
    return config.kvHeads * config.headDim;
  case Dimension::ffn:
    return config.ffnDim;
  case Dimension::vocabulary:
    return config.vocabSize;
  }
  return 0;
}

} // namespace

std::string_view roleName(TensorRole role) { return traitsOf(role).weightName; }
bool isPerLayer(TensorRole role) { return traitsOf(role).isPerLayer; }

std::vector<LlamaTensor> llamaTensors(const ModelConfig &config) {
  std::vector<LlamaTensor> tensors = {{TensorRole::embedding}};
  for (int64_t layer = 0; layer < config.layers; ++layer) {
    for (const RoleTraits &traits : kRoles) {
      if (traits.isPerLayer) {
        tensors.push_back({traits.role, layer});
      }
    }
  }
  tensors.push_back({TensorRole::norm});
  if (!config.tiedEmbeddings) {
    tensors.push_back({TensorRole::output});
  }
  return tensors;
}

std::vector<LlamaTensor> linearMatrices(const ModelConfig &config) {
  std::vector<LlamaTensor> tensors = llamaTensors(config);
  std::erase_if(tensors, [&](LlamaTensor tensor) {
    const bool isOnlyLookedUp = tensor.role == TensorRole::embedding && !config.tiedEmbeddings;
    return isOnlyLookedUp || shapeOf(tensor, config).size() != 2;
  });
  return tensors;
}

std::vector<int64_t> shapeOf(LlamaTensor tensor, const ModelConfig &config) {
  const RoleTraits &traits = traitsOf(tensor.role);
  const int64_t columns = sizeOf(traits.columns, config);
  if (traits.rows == Dimension::none) {
    return {columns};
  }
  return {sizeOf(traits.rows, config), columns};
}

std::string weightNameOf(LlamaTensor tensor) {
  const RoleTraits &traits = traitsOf(tensor.role);
  return traits.isPerLayer ? fmt::format("layers.{}.{}", tensor.layer, traits.weightName)
                           : std::string(traits.weightName);
}

std::string huggingFaceNameOf(LlamaTensor tensor) {
  const RoleTraits &traits = traitsOf(tensor.role);
  return traits.isPerLayer ? fmt::format("model.layers.{}.{}.weight", tensor.layer, traits.huggingFaceName)
                           : fmt::format("{}.weight", traits.huggingFaceName);
}

} // namespace cria
