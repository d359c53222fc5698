// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A small valid checkpoint as data. Tests change one value before they write it to a folder.
#pragma once

#include "format/Safetensors.h"
#include "support/Json.h"
#include "tests/testing/TestFiles.h"

#include <algorithm>

namespace cria::tests {

inline Json smallConfigJson() {
  return {{"architectures", {"LlamaForCausalLM"}},
          {"model_type", "llama"},
          {"hidden_act", "silu"},
          {"hidden_size", 32},
          {"intermediate_size", 64},
          {"num_hidden_layers", 1},
          {"num_attention_heads", 4},
          {"num_key_value_heads", 2},
          {"vocab_size", 96},
          {"max_position_embeddings", 128},
          {"rms_norm_eps", 1e-5},
          {"rope_theta", 10000.0},
          {"rope_scaling", nullptr},
          {"tie_word_embeddings", false},
          {"bos_token_id", 1},
          {"eos_token_id", 2}};
}

/// Nothing parses it; like a protocol buffer it is no text.
inline const std::string kSmallTokenizer = "\n\x05 not parsed here";

/// Every tensor is a multiple of 64 bytes, so that the writer adds no padding tensors.
struct SmallCheckpoint {
  Json config = smallConfigJson();
  std::vector<SafetensorsDeclaration> tensors = {
      {"model.embed_tokens.weight", ElementType::f16, {96, 32}},
      {"model.layers.0.input_layernorm.weight", ElementType::f16, {32}},
      {"model.layers.0.self_attn.q_proj.weight", ElementType::f16, {32, 32}},
      {"model.layers.0.self_attn.k_proj.weight", ElementType::f16, {16, 32}},
      {"model.layers.0.self_attn.v_proj.weight", ElementType::f16, {16, 32}},
      {"model.layers.0.self_attn.o_proj.weight", ElementType::f16, {32, 32}},
      {"model.layers.0.post_attention_layernorm.weight", ElementType::f16, {32}},
      {"model.layers.0.mlp.gate_proj.weight", ElementType::f16, {64, 32}},
      {"model.layers.0.mlp.up_proj.weight", ElementType::f16, {64, 32}},
      {"model.layers.0.mlp.down_proj.weight", ElementType::f16, {32, 64}},
      {"model.norm.weight", ElementType::f16, {32}},
      {"lm_head.weight", ElementType::f16, {96, 32}}};
  bool hasTokenizer = true;

  SafetensorsDeclaration &tensor(std::string_view name) {
    return *std::ranges::find(tensors, name, &SafetensorsDeclaration::name);
  }
  void remove(std::string_view name) {
    std::erase_if(tensors, [&](const auto &t) { return t.name == name; });
  }

  static void writeTensors(const std::string &path, const std::vector<SafetensorsDeclaration> &tensors) {
    auto writer = SafetensorsWriter::create(path, tensors);
    ASSERT_TRUE(writer.ok()) << writer.status().message();
    ASSERT_TRUE((*writer)->finish().ok());
  }
  void write(const TemporaryFolder &folder) const {
    folder.write("config.json", config.dump());
    if (hasTokenizer) {
      folder.write("tokenizer.model", kSmallTokenizer);
    }
    writeTensors(folder.file("model.safetensors"), tensors);
  }
};

} // namespace cria::tests
