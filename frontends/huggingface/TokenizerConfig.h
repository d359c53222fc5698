// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tokens and the chat template in tokenizer_config.json and added_tokens.json.
#pragma once

#include "format/AddedToken.h"
#include "format/ModelConfig.h"
#include "support/Status.h"

#include <optional>

namespace cria::huggingface {

struct TokenizerSettings {
  /// The checkpoint's own template, in Jinja.
  std::optional<std::string> chatTemplate;
  /// True if text after a special token starts with the leading space that the tokenizer adds.
  bool isLegacy = true;
  /// Names of tokens; empty if not stated.
  std::string bos, eos;
  /// Sorted by id; includes tokens of the base model.
  std::vector<AddedToken> addedTokens;
};

/// Parses tokenizer_config.json. If it disables BOS, `model.bosId` becomes -1.
StatusOr<TokenizerSettings> readTokenizerConfig(const Json &json, const std::string &where,
                                                ModelConfig &model, std::vector<std::string> &notes);

/// Parses added_tokens.json, the older form of `added_tokens_decoder`. Ignored if `settings`, which come from
/// tokenizer_config.json, already have added tokens.
Status readAddedTokensFile(const Json &json, const std::string &where, const Json &tokenizerConfig,
                           TokenizerSettings &settings);

/// Parses the member `added_tokens_decoder` of tokenizer_config.json. Errors: invalidArgument.
StatusOr<std::vector<AddedToken>> readAddedTokensDecoder(const Json &tokenizerConfig,
                                                         const std::string &where);

/// Stores in `chat` the template plugin that renders the checkpoint's template, or, if it is not recognized,
/// the text of the template for the plugin jinja.
void chooseChatTemplate(const TokenizerSettings &settings, const std::string &where, ChatConfig &chat,
                        std::vector<std::string> &notes);

} // namespace cria::huggingface
