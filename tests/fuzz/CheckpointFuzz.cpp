// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Fuzz target: the input is the files of a checkpoint, one after another, separated by two bytes 0x1E. The
// folder is opened, and all tensors are read.
#include "frontends/FrontendRegistry.h"
#include "support/Json.h"
#include "tests/fuzz/FuzzFolder.h"
#include "tests/fuzz/FuzzTarget.h"
#include "tests/testing/TestFiles.h"

#include <array>

using namespace cria;

namespace {
constexpr std::string_view kSeparator = "\x1e\x1e";
constexpr std::array kFiles = {
    "config.json",           "model.safetensors", "tokenizer.model",     "generation_config.json",
    "tokenizer_config.json", "added_tokens.json", "chat_template.jinja", "model.safetensors.index.json"};

/// Writes the files that the input has, and removes the others.
void writeFiles(const FuzzFolder &folder, std::string_view input) {
  for (const char *name : kFiles) {
    const size_t end = std::min(input.find(kSeparator), input.size());
    const std::string_view content = input.substr(0, end);
    content.empty() ? folder.remove(name) : folder.write(name, content);
    input.remove_prefix(std::min(end + kSeparator.size(), input.size()));
  }
}

void readTensors(const TensorReader &reader) {
  for (const auto &[name, tensor] : reader.tensors()) {
    const int64_t rows = tensor.shape.size() == 2 ? tensor.shape[0] : 1;
    std::vector<std::byte> bytes(tensor.size);
    if (!reader.readRows(name, 0, rows, bytes).ok()) {
      abort(); // its place was checked
    }
  }
}
} // namespace

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const FuzzFolder folder;
  writeFiles(folder, {reinterpret_cast<const char *>(data), size});
  if (auto checkpoint = openCheckpoint(folder.path(), {.requireTokenizer = false}); checkpoint.ok()) {
    readTensors(*checkpoint->tensors);
  }
  return 0;
}

static std::string join(const std::vector<std::string> &files) {
  std::string text;
  for (const std::string &file : files) {
    text += (text.empty() ? "" : std::string(kSeparator)) + file;
  }
  return text;
}

/// The smallest LLaMA that is one: 1 layer, dimension 2.
static std::string smallWeights() {
  nlohmann::ordered_json header;
  uint64_t offset = 0;
  const auto add = [&](const std::string &name, const std::vector<int64_t> &shape) {
    uint64_t bytes = 2;
    for (const int64_t dimension : shape) {
      bytes *= uint64_t(dimension);
    }
    header[name] = {{"dtype", "F16"}, {"shape", shape}, {"data_offsets", {offset, offset + bytes}}};
    offset += bytes;
  };
  const std::string layer = "model.layers.0.";
  add("model.embed_tokens.weight", {4, 2});
  for (const char *name : {"q_proj", "k_proj", "v_proj", "o_proj"}) {
    add(layer + "self_attn." + name + ".weight", {2, 2});
  }
  add(layer + "mlp.gate_proj.weight", {3, 2});
  add(layer + "mlp.up_proj.weight", {3, 2});
  add(layer + "mlp.down_proj.weight", {2, 3});
  add(layer + "input_layernorm.weight", {2});
  add(layer + "post_attention_layernorm.weight", {2});
  add("model.norm.weight", {2});
  add("lm_head.weight", {4, 2});
  return tests::safetensorsBytes(header.dump(), std::string(offset, '\0'));
}

std::vector<std::string> fuzzSeeds() {
  const std::string config =
      R"({"model_type":"llama","hidden_act":"silu","hidden_size":2,"intermediate_size":3,"num_hidden_layers":1,)"
      R"("num_attention_heads":1,"vocab_size":4,"max_position_embeddings":8,"rms_norm_eps":1e-5})";
  return {
      join({config, smallWeights()}),
      join(
          {config, smallWeights(), "", R"({"temperature":0.5,"eos_token_id":[2,3]})",
           R"({"legacy":false,"bos_token":"<s>","added_tokens_decoder":{"3":{"content":"<x>","special":true}}})",
           R"({"<y>":3})", "{{ bos_token }}{% for m in messages %}{{ m.content }}{% endfor %}"}),
      join({config, "", "", "", "", "", "", R"({"weight_map":{"lm_head.weight":"model.safetensors"}})"})};
}
