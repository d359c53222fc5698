// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tokens and the chat template in the files beside a tokenizer, by the rules of transformers
// (docs/checkpoints.md).
#pragma once

#include "format/ModelConfig.h"
#include "format/StatedTokens.h"
#include "support/Json.h"
#include "support/Status.h"

#include <optional>

namespace cria::huggingface {

/// The contents of the files; an empty object stands for a file that is not there.
struct TokenizerFiles {
  Json config = Json::object();      // tokenizer_config.json
  Json specialMap = Json::object();  // special_tokens_map.json
  Json addedTokens = Json::object(); // added_tokens.json
  Json tokenizer = Json::object();   // tokenizer.json
  /// The folder, in messages.
  std::string folder;

  std::string where(std::string_view name) const { return folder + "/" + std::string(name); }
};

/// Parses what the files state about tokens. Added tokens are those of `added_tokens_decoder` in
/// tokenizer_config.json; without it, of added_tokens.json. tokenizer.json adds those with other ids.
/// Errors: invalidArgument.
StatusOr<StatedTokens> readStatedTokens(const TokenizerFiles &files, std::vector<std::string> &notes);

/// Returns whether tokenizer_config.json lists the added tokens; null is no list.
bool listsAddedTokens(const Json &config);

/// Parses the lists of added tokens. `special`: names of special tokens, for added_tokens.json, which has no
/// flags.
StatusOr<std::vector<AddedToken>> readAddedTokens(const TokenizerFiles &files,
                                                  const std::vector<std::string> &special);

/// Returns the chat template of tokenizer_config.json, of several that named "default"; nullopt if there is
/// none. Errors: invalidArgument.
StatusOr<std::optional<std::string>> readChatTemplate(const Json &tokenizerConfig, const std::string &where,
                                                      std::vector<std::string> &notes);

/// Stores in `chat` the text of a template, and the plugin that renders it if it is a published one.
void chooseChatTemplate(const std::string &chatTemplate, const StatedTokens &tokens, const std::string &where,
                        ChatConfig &chat, std::vector<std::string> &notes);

} // namespace cria::huggingface
