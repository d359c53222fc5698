// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tests/testing/toy/ToyPackage.h"

#include "format/Safetensors.h"
#include "support/Sha256.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

namespace cria::test {

namespace fs = std::filesystem;

OrderedJson toyManifest(uint32_t vocabSize) {
  OrderedJson manifest = OrderedJson::parse(R"({
    "format": "cria", "format_version": 3, "compiler": "by hand",
    "model": {"name": "toy", "architecture": "llama", "parameters": 0, "dim": 4, "layers": 1, "heads": 2,
      "kv_heads": 1, "head_dim": 2, "ffn_dim": 4, "vocab_size": 64, "context": 30, "norm_epsilon": 1e-05,
      "rope_theta": 10000.0, "rope_scaling": null, "tied_embeddings": true, "bos_id": 1, "eos_ids": [2]},
    "options": {"weights": "f32", "kv": "f32", "random_seed": null},
    "tokenizer": null,
    "files": {},
    "targets": [{"name": "toy", "format": "test.toy", "features": "", "abi_version": 1,
      "activations": "f32", "program": "programs/toy.json", "code": null,
      "weight_files": ["weights/row_major.safetensors"], "weight_bytes": 1024}]})");
  manifest["model"]["vocab_size"] = vocabSize;
  manifest["model"]["parameters"] = 4 * vocabSize + 108; // embedding, and one layer with the final norm
  manifest["targets"][0]["weight_bytes"] = 16 * vocabSize;
  return manifest;
}

namespace {
OrderedJson stepBinding(const char *name, uint32_t offset, uint32_t size, OrderedJson shape,
                        OrderedJson strides) {
  return {{"name", name},   {"buffer", "step"},   {"access", "read"}, {"type", "i32"},
          {"shape", shape}, {"strides", strides}, {"offset", offset}, {"size", size}};
}

OrderedJson cacheBinding(const char *access) {
  return {{"name", "cache"},
          {"buffer", "kv"},
          {"access", access},
          {"type", "i32"},
          {"shape", {"P", kToyPageTokens}},
          {"strides", {kToyPageBytes / 4, 1}},
          {"offset", 0},
          {"size", "rest"}};
}

OrderedJson rowsBinding(const char *access) {
  return {{"name", "rows"}, {"buffer", "rows"}, {"access", access}, {"type", "i32"},
          {"shape", {"T"}}, {"strides", {1}},   {"offset", 0},      {"size", 64}};
}

OrderedJson appendDispatch() {
  return {{"kernel", 0},
          {"grid", {{{"times", 1}, {"of", "T"}, {"tile", 1}}}},
          {"bindings",
           {stepBinding("tokens", 64, 64, {"T"}, {1}), stepBinding("slots", 256, 64, {"T"}, {1}),
            cacheBinding("read_write"), rowsBinding("write")}}};
}

OrderedJson logitsDispatch(uint32_t vocabSize) {
  OrderedJson bias = {{"name", "bias"}, {"buffer", "table"},       {"access", "read"},
                      {"type", "f32"},  {"shape", {vocabSize, 4}}, {"strides", {4, 1}},
                      {"offset", 0},    {"size", vocabSize * 16}};
  OrderedJson logits = {{"name", "logits"}, {"buffer", "logits"},        {"access", "write"},
                        {"type", "f32"},    {"shape", {"R", vocabSize}}, {"strides", {vocabSize, 1}},
                        {"offset", 0},      {"size", 16 * vocabSize * 4}};
  return {
      {"kernel", 1},
      {"grid", {{{"times", 1}, {"of", "R"}, {"tile", 1}}}},
      {"bindings",
       {stepBinding("positions", 128, 64, {"T"}, {1}), stepBinding("sequences", 192, 64, {"T"}, {1}),
        stepBinding("block_table", 384, 128, {"S", 8}, {8, 1}), stepBinding("outputs", 512, 64, {"R"}, {1}),
        rowsBinding("read"), cacheBinding("read"), bias, logits}}};
}

OrderedJson entry(const char *name, uint32_t minTokens, uint32_t maxTokens, uint32_t vocabSize) {
  return {{"name", name},
          {"min_tokens", minTokens},
          {"max_tokens", maxTokens},
          {"dispatches", {appendDispatch(), logitsDispatch(vocabSize)}}};
}

OrderedJson field(const char *name, uint32_t offset, uint32_t length) {
  return {{"name", name}, {"offset", offset}, {"length", length}};
}
} // namespace

OrderedJson toyProgram(uint32_t vocabSize) {
  OrderedJson program = {{"program_version", 2}, {"target", "toy"}};
  program["limits"] = {{"max_tokens", kToyMaxTokens},
                       {"max_sequences", kToyMaxSequences},
                       {"max_outputs", 16},
                       {"max_pages_per_sequence", 8},
                       {"context", kToyContext}};
  program["kv"] = {{"page_tokens", kToyPageTokens}, {"page_bytes", kToyPageBytes}, {"type", "f32"}};
  program["step"] = {{"size", 576},
                     {"fields",
                      {field("num_tokens", 0, 1), field("num_outputs", 4, 1), field("num_sequences", 8, 1),
                       field("tokens", 64, 16), field("positions", 128, 16), field("sequences", 192, 16),
                       field("slots", 256, 16), field("sequence_starts", 320, 5),
                       field("block_table", 384, 32), field("outputs", 512, 16)}}};
  program["weights"] = {{{"name", "table"},
                         {"format", "f32"},
                         {"layout", "row_major"},
                         {"shape", {vocabSize, 4}},
                         {"arrays",
                          {{{"suffix", ""},
                            {"type", "f32"},
                            {"shape", {vocabSize, 4}},
                            {"size", vocabSize * 16},
                            {"tensor", "table"}}}},
                         {"file", "weights/row_major.safetensors"},
                         {"recipe", "by hand"}}};
  program["buffers"] = {
      {{"name", "rows"}, {"kind", "arena"}, {"type", "i32"}, {"shape", {"T"}}, {"size", 64}, {"offset", 0}},
      {{"name", "logits"},
       {"kind", "result"},
       {"type", "f32"},
       {"shape", {"R", vocabSize}},
       {"size", 16 * vocabSize * 4}}};
  program["kernels"] = {
      {{"name", "append"},
       {"kind", "op"},
       {"op", "toy_append"},
       {"attributes", {{"page_tokens", kToyPageTokens}}}},
      {{"name", "logits"}, {"kind", "op"}, {"op", "toy_logits"}, {"attributes", OrderedJson::object()}}};
  program["entries"] = {entry("decode", 1, 1, vocabSize), entry("small", 2, 3, vocabSize),
                        entry("prefill", 1, kToyMaxTokens, vocabSize)};
  return program;
}

void writeFile(const std::string &path, const std::string &text) {
  fs::create_directories(fs::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

std::string readWholeFile(const std::string &path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

/// table[v][0] = v / 1024, which the toy backend adds to logit v.
static void writeWeights(const std::string &path, uint32_t vocabSize) {
  fs::create_directories(fs::path(path).parent_path());
  auto writer =
      SafetensorsWriter::create(path, {{.name = "table", .type = ElementType::f32, .shape = {vocabSize, 4}}});
  ASSERT_TRUE(writer.ok()) << writer.status().message();
  std::vector<float> table(size_t(vocabSize) * 4);
  for (uint32_t v = 0; v < vocabSize; ++v) {
    table[size_t(v) * 4] = static_cast<float>(v) / 1024;
  }
  ASSERT_TRUE((*writer)->write(0, 0, std::as_bytes(std::span<const float>(table))).ok());
  ASSERT_TRUE((*writer)->finish().ok());
}

void writeManifest(const std::string &path, OrderedJson manifest) {
  for (const auto &item : fs::recursive_directory_iterator(path)) {
    std::string name = fs::relative(item.path(), path).string();
    if (item.is_regular_file() && !name.starts_with("manifest.")) {
      std::string bytes = readWholeFile(item.path().string());
      manifest["files"][name] = {{"size", bytes.size()}, {"sha256", Sha256::of(bytes)}};
    }
  }
  std::string text = manifest.dump(1) + "\n";
  writeFile(path + "/manifest.json", text);
  writeFile(path + "/manifest.sha256", Sha256::of(text) + "  manifest.json\n");
}

void writeToyPackage(const std::string &path, const ToyPackage &package) {
  fs::remove_all(path);
  writeFile(path + "/programs/toy.json", package.program.dump(1));
  writeFile(path + "/chat.json", package.chat);
  writeWeights(path + "/weights/row_major.safetensors", package.vocabSize);
  writeManifest(path, package.manifest);
}

std::string testFolder() {
  const auto *info = testing::UnitTest::GetInstance()->current_test_info();
  std::string name = std::string(info->test_suite_name()) + "." + info->name();
  std::replace(name.begin(), name.end(), '/', '_');
  fs::path folder = fs::path(CRIA_BINARY_DIR) / "test-packages" / name;
  fs::remove_all(folder);
  fs::create_directories(folder);
  return folder.string();
}

} // namespace cria::test
