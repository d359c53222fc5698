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
  Json model = Json::object();       // config.json
  /// Those two files with members in their order, on which the ids of tokens without ids depend.
  OrderedJson orderedConfig = config, orderedMap = specialMap;
  /// Without the tokenizer itself, tokenizer.model, its rules do not matter.
  bool hasModel = true;
  /// The folder, in messages.
  std::string folder;

  std::string where(std::string_view name) const { return folder + "/" + std::string(name); }
};

/// Parses what the files state about tokens. Added tokens are those of `added_tokens_decoder` in
/// tokenizer_config.json; without it, of added_tokens.json. tokenizer.json adds those with other ids.
/// Errors: invalidArgument.
StatusOr<StatedTokens> readStatedTokens(const TokenizerFiles &files, std::vector<std::string> &notes);

/// What the class of the tokenizer and its settings make of a text. Members as in StatedTokens.
struct TokenizerRules {
  PrefixRule prefix = PrefixRule::always;
  bool addsBos = true;
  std::optional<std::string> promptBos;
  /// The class has an unknown token, "<unk>", without a file that states it.
  bool hasUnknown = false;
  /// Added tokens are found in the text as it is, whatever their flag says.
  bool ignoresNormalized = false;
  /// Normalized tokens are found in a text with U+2581 for spaces.
  bool replacesSpaces = false;
};

/// Errors: also unsupported, if transformers does not tokenize as LLaMA does.
StatusOr<TokenizerRules> readTokenizerRules(const TokenizerFiles &files, std::vector<std::string> &notes);

/// Tokens without ids.
struct NamedTokens {
  std::vector<AddedToken> roles;      // of bos_token, eos_token, unk_token, sep_, pad_, cls_ and mask_token
  std::vector<AddedToken> otherRoles; // of a model, such as image_token
  std::vector<AddedToken> listed;     // in lists of further tokens

  bool hasRole(std::string_view name) const;
  bool contains(std::string_view name) const;
};

StatusOr<NamedTokens> readNamedTokens(const TokenizerFiles &files);

/// The name that a member such as bos_token states. nullopt: not stated; empty: null.
StatusOr<std::optional<std::string>> readTokenName(const TokenizerFiles &files, const std::string &member);

/// The names of roles other than BOS and EOS, as {"pad_token", "<pad>"}, that transformers gives to chat
/// templates. Errors: those of readTokenName().
StatusOr<std::vector<std::pair<std::string, std::string>>> readOtherNames(const TokenizerFiles &files,
                                                                          const TokenizerRules &rules);

/// Notes names that special_tokens_map.json and tokenizer_config.json state differently.
void noteOtherNames(const TokenizerFiles &files, std::vector<std::string> &notes);

/// Returns whether tokenizer_config.json lists the added tokens; null is no list.
bool listsAddedTokens(const Json &config);

/// Reads a token with its flags. Absent ones have the defaults of transformers; `isSpecial` is one.
StatusOr<AddedToken> readAddedToken(JsonObject &entry, int64_t id, bool isSpecial);

/// Parses the lists of added tokens. `named`: the special tokens of added_tokens.json, which has no flags.
StatusOr<std::vector<AddedToken>> readAddedTokens(const TokenizerFiles &files, const NamedTokens &named,
                                                  std::vector<std::string> &notes);

/// Returns the chat template of tokenizer_config.json, of several that named "default"; nullopt if there is
/// none. Errors: invalidArgument.
StatusOr<std::optional<std::string>> readChatTemplate(const Json &tokenizerConfig, const std::string &where,
                                                      std::vector<std::string> &notes);

/// Stores in `chat` the text of a template, and the plugin that renders it if it is a published one.
void chooseChatTemplate(const std::string &chatTemplate, const StatedTokens &tokens, const std::string &where,
                        ChatConfig &chat, std::vector<std::string> &notes);

} // namespace cria::huggingface
