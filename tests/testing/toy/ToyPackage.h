// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A package of a toy model for tests. Its KV cache holds token ids, so that logits can depend on the whole
// history of each sequence. Runs on the toy backend (ToyBackend.h).
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace cria::test {

using OrderedJson = nlohmann::ordered_json;

constexpr uint32_t kToyVocab = 64;
constexpr uint32_t kToyPageTokens = 4;
constexpr uint32_t kToyPageBytes = 64;
constexpr uint32_t kToyContext = 30;
constexpr uint32_t kToyMaxTokens = 16;
constexpr uint32_t kToyMaxSequences = 4;

/// Returns manifest.json without "files".
OrderedJson toyManifest(uint32_t vocabSize = kToyVocab);
/// Returns programs/toy.json.
OrderedJson toyProgram(uint32_t vocabSize = kToyVocab);
/// The contents of a package.
struct ToyPackage {
  uint32_t vocabSize = kToyVocab;
  OrderedJson manifest = toyManifest(vocabSize);
  OrderedJson program = toyProgram(vocabSize);
  std::string chat = R"({"template": "llama2", "options": {}, "source_options": {}, "generation": {"temperature": 0.5}})";
};

/// Writes a package with digests to the folder `path`, and replaces what is there.
void writeToyPackage(const std::string &path, const ToyPackage &package = {});
/// Writes manifest.json, with the digests of the files in the folder, and manifest.sha256.
void writeManifest(const std::string &path, OrderedJson manifest);
void writeFile(const std::string &path, const std::string &text);
std::string readWholeFile(const std::string &path);
/// Returns the path of a folder for the running test, which does not exist.
std::string testFolder();

} // namespace cria::test
