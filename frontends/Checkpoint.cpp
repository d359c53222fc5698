// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The tensors of a LLaMA model, by Hugging Face name.
#include "frontends/Checkpoint.h"

namespace cria {

std::vector<ExpectedTensor> expectedTensors(const ModelConfig &config) {
  int64_t query = config.heads * config.headDim, kv = config.kvHeads * config.headDim;
  std::vector<ExpectedTensor> result = {{"model.embed_tokens.weight", {config.vocabSize, config.dim}}};
  for (int64_t layer = 0; layer < config.layers; ++layer) {
    auto add = [&](std::string_view name, std::vector<int64_t> shape) {
      result.push_back({fmt::format("model.layers.{}.{}.weight", layer, name), std::move(shape)});
    };
    add("input_layernorm", {config.dim});
    add("self_attn.q_proj", {query, config.dim});
    add("self_attn.k_proj", {kv, config.dim});
    add("self_attn.v_proj", {kv, config.dim});
    add("self_attn.o_proj", {config.dim, query});
    add("post_attention_layernorm", {config.dim});
    add("mlp.gate_proj", {config.ffnDim, config.dim});
    add("mlp.up_proj", {config.ffnDim, config.dim});
    add("mlp.down_proj", {config.dim, config.ffnDim});
  }
  result.push_back({"model.norm.weight", {config.dim}});
  if (!config.tiedEmbeddings) {
    result.push_back({"lm_head.weight", {config.vocabSize, config.dim}});
  }
  return result;
}

} // namespace cria
