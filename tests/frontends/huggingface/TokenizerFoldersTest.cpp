// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Random files beside a tokenizer give the ids of transformers' AutoTokenizer.
#include "frontends/huggingface/TokenizerConfig.h"
#include "runtime/text/ResolveTokens.h"
#include "tests/runtime/text/GoldenFiles.h"

#include <fmt/ranges.h>
#include <gtest/gtest.h>

namespace cria::huggingface {
namespace {

using Ids = std::vector<int32_t>;

TokenizerFiles filesOf(const OrderedJson &line) {
  const auto fileOf = [&line](const char *name) { return line["files"].value(name, OrderedJson::object()); };
  TokenizerFiles files;
  for (const auto &[name, json] :
       {std::pair("tokenizer_config.json", &files.config),
        std::pair("special_tokens_map.json", &files.specialMap),
        std::pair("added_tokens.json", &files.addedTokens), std::pair("tokenizer.json", &files.tokenizer),
        std::pair("config.json", &files.model)}) {
    *json = fileOf(name);
  }
  files.orderedConfig = fileOf("tokenizer_config.json");
  files.orderedMap = fileOf("special_tokens_map.json");
  return files;
}

TEST(TokenizerFolders, GiveTheIdsOfTransformers) {
  const auto base = openGolden();
  for (const auto &line : goldenLines<OrderedJson>("tokenizer_folders.jsonl")) {
    SCOPED_TRACE(line["files"].dump());
    std::vector<std::string> notes;
    const auto stated = readStatedTokens(filesOf(line), notes);
    ASSERT_TRUE(stated.ok()) << stated.status().message();
    const ResolvedTokens resolved = resolveTokens(*base, *stated, {.vocabSize = 1 << 20}, "", notes);
    SCOPED_TRACE(fmt::format("{}", fmt::join(notes, "\n")));
    EXPECT_EQ(resolved.bosId, line["bos"].get<int64_t>());
    const auto tokenizer = withAddedTokens(openGolden(), resolved.layer);
    ASSERT_TRUE(tokenizer.ok()) << tokenizer.status().message();
    for (const auto &row : line["rows"]) {
      const auto text = row["text"].get<std::string>();
      const auto ids = row["ids"].get<Ids>();
      EXPECT_EQ(*(*tokenizer)->encode(text), ids) << text;
      if (!row.contains("special_ids") || row["special_ids"].is_array()) {
        EXPECT_EQ(*(*tokenizer)->encode(text, TextPosition::startOfText, SpecialTokens::asTokens),
                  row.value("special_ids", ids))
            << text;
      }
    }
  }
}

} // namespace
} // namespace cria::huggingface
