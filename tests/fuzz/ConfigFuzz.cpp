// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Fuzz target: reads the input as each of the JSON files of a checkpoint and of a package's configuration.
#include "frontends/huggingface/GenerationConfig.h"
#include "frontends/huggingface/HuggingFaceConfig.h"
#include "frontends/huggingface/TokenizerConfig.h"
#include "tests/fuzz/FuzzTarget.h"
#include "tests/testing/SmallModelConfig.h"

using namespace cria;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  StatusOr<Json> json = parsePythonJson({reinterpret_cast<const char *>(data), size}, "input");
  if (!json.ok()) {
    return 0;
  }
  ModelConfig model;
  ChatConfig chat;
  auto config = huggingface::parseConfig(*json, "input");
  if (config.ok() && config->model.check("input").ok()) {
    auto again = ModelConfig::fromJson(Json::parse(config->model.toJson().dump()), "again");
    if (!again.ok() || *again != config->model) {
      abort();
    }
  }
  std::vector<std::string> notes;
  (void)huggingface::applyEosIds(*json, "input", model, notes);
  if (auto defaults = huggingface::readGenerationDefaults(*json, "input", model, notes); defaults.ok()) {
    chat.generation = *defaults;
    auto again = ChatConfig::fromJson(Json::parse(chat.toJson().dump()), "again");
    if (!again.ok() || *again != chat) {
      abort();
    }
  }
  const auto tokens = huggingface::readStatedTokens(
      {.config = *json, .specialMap = *json, .addedTokens = *json, .tokenizer = *json, .folder = "input"},
      notes);
  (void)huggingface::readStatedTokens({.addedTokens = *json, .tokenizer = *json, .folder = "input"}, notes);
  const auto chatTemplate = huggingface::readChatTemplate(*json, "input", notes);
  if (tokens.ok() && chatTemplate.ok() && *chatTemplate) {
    huggingface::chooseChatTemplate(**chatTemplate, *tokens, "input", chat, notes);
  }
  (void)ModelConfig::fromJson(*json, "input");
  (void)ChatConfig::fromJson(*json, "input");
  return 0;
}

std::vector<std::string> fuzzSeeds() {
  return {
      R"({"model_type":"llama","hidden_act":"silu","hidden_size":32,"intermediate_size":64,"num_hidden_layers":1,)"
      R"("num_attention_heads":4,"vocab_size":96,"max_position_embeddings":128,"rms_norm_eps":1e-5,)"
      R"("rope_theta":1e4,"rope_scaling":{"type":"llama3","factor":8,"low_freq_factor":1,"high_freq_factor":4,)"
      R"("original_max_position_embeddings":64},"eos_token_id":[2,3]})",
      cria::tests::smallModelConfig().toJson().dump(),
      R"({"template":"llama2","options":{"a":"b"},"source":"{{ x }}","source_options":{"bos":"<s>"},"generation":{"temperature":0.6,"max_new_tokens":null}})",
      R"({"do_sample":true,"temperature":0.6,"top_k":40,"min_p":0.1,"typical_p":1.5,"repetition_penalty":1.1,"num_beams":NaN,)"
      R"("min_new_tokens":2,"add_bos_token":true,"chat_template":[{"name":"default","template":"x"}]})",
      R"({"legacy":false,"chat_template":"{{ '<|im_start|>' + m['role'] -}} \n{# x #}","bos_token":{"content":"<s>"},)"
      R"("added_tokens_decoder":{"32000":{"content":"<|im_start|>","special":true}}})",
      R"({"added_tokens":[{"id":32000,"content":"<tool>","special":false,"lstrip":true,"rstrip":true,"single_word":true,)"
      R"("normalized":false}],"additional_special_tokens":["<x>"],"stop_strings":["a"],"eos_token_id":[2,3]})",
      R"({"<|im_start|>":32000,"<pad>":32001})"};
}
