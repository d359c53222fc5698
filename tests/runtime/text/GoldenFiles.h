// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The committed golden files of every tokenizer: tests/golden/README.md says what they hold.
#pragma once

#include "runtime/text/AddedTokens.h"
#include "runtime/text/TokenizerRegistry.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace cria {

inline std::filesystem::path goldenFolder() {
  return std::filesystem::path(CRIA_SOURCE_DIR) / "tests" / "golden";
}

/// Names of the golden tokenizers: "small", and a model in examples/ for each other tokens.NAME.jsonl.
inline std::vector<std::string> goldenTokenizers() {
  std::vector<std::string> names;
  for (const auto &entry : std::filesystem::directory_iterator(goldenFolder())) {
    const std::string file = entry.path().filename().string();
    if (file.starts_with("tokens.") && file.ends_with(".jsonl")) {
      names.push_back(file.substr(7, file.size() - 7 - 6));
    }
  }
  return names;
}

inline std::filesystem::path goldenModel(const std::string &name) {
  return name == "small"
             ? goldenFolder() / "tokenizer" / "tokenizer.model"
             : std::filesystem::path(CRIA_SOURCE_DIR) / "examples" / name / "model" / "tokenizer.model";
}

inline std::unique_ptr<Tokenizer> openGolden(const std::string &name = "small") {
  StatusOr<std::unique_ptr<Tokenizer>> tokenizer =
      openTokenizer(kSentencePieceKind, goldenModel(name).string());
  EXPECT_TRUE(tokenizer.ok()) << tokenizer.status().message();
  return tokenizer.ok() ? std::move(tokenizer).value() : nullptr;
}

/// The golden tokenizer "small" with the tokens and the rule for the prefix of a line of added_tokens.jsonl
/// or chat_tokens.jsonl.
inline std::unique_ptr<Tokenizer> openStated(const nlohmann::json &line) {
  TokenLayer layer{.tokens = {}, .eosId = 2, .prefix = *parsePrefixRule(line["prefix"].get<std::string>())};
  for (const auto &token : line["tokens"]) {
    layer.tokens.push_back({.id = token["id"],
                            .text = token["content"],
                            .isSpecial = token["special"],
                            .stripsLeft = token["lstrip"],
                            .stripsRight = token["rstrip"],
                            .isWord = token["single_word"],
                            .isNormalized = token["normalized"]});
  }
  return std::move(withAddedTokens(openGolden(), std::move(layer))).value();
}

/// The lines of tests/golden/FILE. Lines end at '\n' alone. An ordered type keeps the order of members.
template <typename AnyJson = nlohmann::json> std::vector<AnyJson> goldenLines(const std::string &fileName) {
  std::ifstream file(goldenFolder() / fileName, std::ios::binary);
  std::vector<AnyJson> lines;
  for (std::string line; std::getline(file, line);) {
    lines.push_back(AnyJson::parse(line));
  }
  EXPECT_FALSE(lines.empty()) << fileName;
  return lines;
}

inline std::vector<nlohmann::json> goldenLines(const std::string &kind, const std::string &name) {
  return goldenLines(kind + "." + name + ".jsonl");
}

class GoldenTokenizerTest : public ::testing::TestWithParam<std::string> {
protected:
  void SetUp() override {
    tokenizer_ = openGolden(GetParam());
    ASSERT_NE(tokenizer_, nullptr);
  }
  std::unique_ptr<Tokenizer> tokenizer_;
};

inline std::string goldenTestName(const ::testing::TestParamInfo<std::string> &info) { return info.param; }

} // namespace cria
