// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tokens that a checkpoint adds to tokenizer.model: a map by id or, in older checkpoints, by name.
#include "frontends/huggingface/TokenizerConfig.h"

#include <algorithm>
#include <charconv>
#include <unordered_set>

namespace cria::huggingface {

static constexpr size_t kMaxAdded = 65'536; // far above the number that any known checkpoint adds

static StatusOr<int64_t> idOf(const std::string &name, const std::string &where) {
  int32_t id = -1;
  const std::from_chars_result read = std::from_chars(name.data(), name.data() + name.size(), id);
  if (read.ec != std::errc() || read.ptr != name.data() + name.size() || id < 0) {
    return invalidArgument("{}: expected token ids as names, got '{}'", where, printable(name));
  }
  return int64_t{id};
}

static Status sortTokens(std::vector<AddedToken> &tokens, const std::string &where) {
  std::ranges::sort(tokens, {}, &AddedToken::id);
  const auto twice = std::ranges::adjacent_find(tokens, {}, &AddedToken::id);
  return twice == tokens.end() ? Status()
                               : invalidArgument("{}: two tokens have the id {}", where, twice->id);
}

StatusOr<std::vector<AddedToken>> readAddedTokensDecoder(const Json &tokenizerConfig,
                                                         const std::string &where) {
  CRIA_ASSIGN_OR_RETURN(JsonObject config, JsonObject::of(tokenizerConfig, where));
  std::vector<AddedToken> tokens;
  if (config.absentOrNull("added_tokens_decoder")) {
    return tokens;
  }
  CRIA_ASSIGN_OR_RETURN(JsonObject decoder, config.object("added_tokens_decoder"));
  if (decoder.value().size() > kMaxAdded) {
    return decoder.mismatch("added_tokens_decoder", fmt::format("at most {} tokens", kMaxAdded));
  }
  for (const auto &[name, unused] : decoder.value().items()) {
    AddedToken token;
    CRIA_ASSIGN_OR_RETURN(token.id, idOf(name, decoder.where()));
    CRIA_ASSIGN_OR_RETURN(JsonObject entry, decoder.object(name));
    CRIA_ASSIGN_OR_RETURN(token.text, entry.string("content"));
    if (!entry.absentOrNull("special")) {
      CRIA_ASSIGN_OR_RETURN(token.isSpecial, entry.boolean("special"));
    }
    tokens.push_back(std::move(token));
  }
  CRIA_RETURN_IF_ERROR(sortTokens(tokens, decoder.where()));
  return tokens;
}

/// Adds the name of the token that `value` describes: a string, or an object with the member "content".
static void collectNames(const Json &value, std::unordered_set<std::string> &names) {
  if (value.is_string()) {
    names.insert(value.get<std::string>());
  } else if (value.is_object()) {
    const auto content = value.find("content");
    if (content != value.end() && content->is_string()) {
      names.insert(content->get<std::string>());
    }
  }
}

static std::unordered_set<std::string> specialNames(const Json &tokenizerConfig) {
  std::unordered_set<std::string> names;
  for (const char *member :
       {"bos_token", "eos_token", "unk_token", "pad_token", "additional_special_tokens"}) {
    const auto found = tokenizerConfig.find(member);
    if (found == tokenizerConfig.end()) {
      continue;
    }
    collectNames(*found, names);
    for (const Json &item : found->is_array() ? *found : Json::array()) {
      collectNames(item, names);
    }
  }
  return names;
}

Status readAddedTokensFile(const Json &json, const std::string &where, const Json &tokenizerConfig,
                           TokenizerSettings &settings) {
  if (!settings.addedTokens.empty()) {
    return {};
  }
  CRIA_ASSIGN_OR_RETURN(JsonObject object, JsonObject::of(json, where));
  if (json.size() > kMaxAdded) {
    return invalidArgument("{}: expected at most {} tokens, got {}", where, kMaxAdded, json.size());
  }
  const std::unordered_set<std::string> special = specialNames(tokenizerConfig);
  for (const auto &[name, unused] : json.items()) {
    CRIA_ASSIGN_OR_RETURN(const int64_t id, object.integer(name, 0, INT32_MAX));
    settings.addedTokens.push_back({.id = id, .text = name, .isSpecial = special.contains(name)});
  }
  return sortTokens(settings.addedTokens, where);
}

} // namespace cria::huggingface
