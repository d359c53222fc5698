// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What tokenizer_config.json and its companions say about tokens and the chat template.
#pragma once

#include "format/AddedToken.h"
#include "format/ModelConfig.h"
#include "support/Status.h"

#include <optional>

namespace cria::huggingface {

struct TokenizerSettings {
  /// The checkpoint's own, in the language of Jinja.
  std::optional<std::string> chatTemplate;
  /// Whether text after a special token begins with the tokenizer's leading space.
  bool isLegacy = true;
  /// Names of tokens; empty where none is stated.
  std::string bos, eos;
  /// In the order of ids, those of the base model among them.
  std::vector<AddedToken> addedTokens;
};

/// Reads tokenizer_config.json; whether BOS is added goes into `model`.
StatusOr<TokenizerSettings> readTokenizerConfig(const Json &json, const std::string &where,
                                                ModelConfig &model, std::vector<std::string> &notes);

/// Reads added_tokens.json, which older checkpoints have instead of `added_tokens_decoder`: ignored where
/// that is there. `settings` are those of tokenizer_config.json.
Status readAddedTokensFile(const Json &json, const std::string &where, const Json &tokenizerConfig,
                           TokenizerSettings &settings);

/// The member `added_tokens_decoder` of tokenizer_config.json. Errors: invalidArgument.
StatusOr<std::vector<AddedToken>> readAddedTokensDecoder(const Json &tokenizerConfig,
                                                         const std::string &where);

/// One of our templates for the checkpoint's own, or its text for the plugin jinja.
void chooseChatTemplate(const TokenizerSettings &settings, const std::string &where, ChatConfig &chat,
                        std::vector<std::string> &notes);

} // namespace cria::huggingface
