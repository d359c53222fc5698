// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Models that normalize texts give the ids of SentencePiece, and with added tokens those of transformers'
// slow tokenizer.
#include "runtime/text/AddedTokens.h"
#include "tests/runtime/text/GoldenFiles.h"
#include "tests/runtime/text/SentenceFiles.h"

namespace cria {
namespace {

using Ids = std::vector<int32_t>;

TokenLayer layerOf(const nlohmann::json &tokens) {
  TokenLayer layer{.tokens = {}, .eosId = 2};
  for (const auto &token : tokens) {
    layer.tokens.push_back({.id = token["id"], .text = token["text"], .isSpecial = token["special"]});
  }
  return layer;
}

TEST(GoldenSentences, GiveTheIdsOfSentencePiece) {
  std::unique_ptr<Tokenizer> tokenizer;
  std::string name;
  bool hasTokens = false;
  size_t rows = 0;
  for (const auto &line : goldenLines("sentences.jsonl")) {
    if (line.contains("model")) {
      name = line["model"].get<std::string>();
      tokenizer = openSentences(line);
      hasTokens = false;
    } else if (line.contains("tokens")) {
      tokenizer = std::move(withAddedTokens(std::move(tokenizer), layerOf(line["tokens"]))).value();
      hasTokens = true;
    } else {
      const auto specials = hasTokens ? SpecialTokens::asTokens : SpecialTokens::asText;
      const StatusOr<Ids> ids =
          tokenizer->encode(line["text"].get<std::string>(), TextPosition::startOfText, specials);
      ASSERT_TRUE(ids.ok()) << name << ids.status().message();
      EXPECT_EQ(*ids, line["ids"].get<Ids>()) << name << line;
      if (line.contains("decoded")) {
        EXPECT_EQ(tokenizer->decode(*ids), line["decoded"].get<std::string>()) << name << line;
      }
      ++rows;
    }
  }
  EXPECT_GT(rows, 1000u);
}

} // namespace
} // namespace cria
