// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The lists of added tokens: a map by id, in older checkpoints by name, and the array of tokenizer.json.
#include "frontends/huggingface/TokenizerConfig.h"

#include <algorithm>
#include <charconv>
#include <map>

namespace cria::huggingface {

static constexpr size_t kMaxAdded = 65'536; // far above the number that any known checkpoint adds

using TokensById = std::map<int64_t, AddedToken>;

static StatusOr<int64_t> idOf(const std::string &name, const std::string &where) {
  int32_t id = -1;
  const std::from_chars_result read = std::from_chars(name.data(), name.data() + name.size(), id);
  if (read.ec != std::errc() || read.ptr != name.data() + name.size() || id < 0) {
    return invalidArgument("{}: expected token ids as names, got '{}'", where, printable(name));
  }
  return int64_t{id};
}

StatusOr<AddedToken> readAddedToken(JsonObject &entry, int64_t id, bool isSpecial) {
  AddedToken token{.id = id};
  CRIA_ASSIGN_OR_RETURN(token.text, entry.string("content"));
  const auto flag = [&entry](const char *name, bool absent) -> StatusOr<bool> {
    return entry.absentOrNull(name) ? StatusOr<bool>(absent) : entry.boolean(name);
  };
  CRIA_ASSIGN_OR_RETURN(token.isSpecial, flag("special", isSpecial));
  CRIA_ASSIGN_OR_RETURN(token.stripsLeft, flag("lstrip", false));
  CRIA_ASSIGN_OR_RETURN(token.stripsRight, flag("rstrip", false));
  CRIA_ASSIGN_OR_RETURN(token.isWord, flag("single_word", false));
  CRIA_ASSIGN_OR_RETURN(token.isNormalized, flag("normalized", !token.isSpecial));
  return token;
}

static Status checkCount(size_t count, const std::string &where) {
  return count > kMaxAdded
             ? invalidArgument("{}: expected at most {} added tokens, got {}", where, kMaxAdded, count)
             : Status();
}

static Status readDecoder(const TokenizerFiles &files, TokensById &tokens) {
  CRIA_ASSIGN_OR_RETURN(JsonObject config,
                        JsonObject::of(files.config, files.where("tokenizer_config.json")));
  if (config.absentOrNull("added_tokens_decoder")) {
    return {};
  }
  CRIA_ASSIGN_OR_RETURN(JsonObject decoder, config.object("added_tokens_decoder"));
  CRIA_RETURN_IF_ERROR(checkCount(decoder.value().size(), decoder.where()));
  for (const auto &[name, unused] : decoder.value().items()) {
    CRIA_ASSIGN_OR_RETURN(const int64_t id, idOf(name, decoder.where()));
    CRIA_ASSIGN_OR_RETURN(JsonObject entry, decoder.object(name));
    CRIA_ASSIGN_OR_RETURN(AddedToken token, readAddedToken(entry, id, false));
    if (!tokens.emplace(id, std::move(token)).second) {
      return invalidArgument("{}: two tokens have the id {}", decoder.where(), id);
    }
  }
  return {};
}

/// added_tokens.json: ids by name.
static Status readMap(const TokenizerFiles &files, const NamedTokens &named, TokensById &tokens) {
  const std::string where = files.where("added_tokens.json");
  CRIA_ASSIGN_OR_RETURN(JsonObject object, JsonObject::of(files.addedTokens, where));
  CRIA_RETURN_IF_ERROR(checkCount(files.addedTokens.size(), where));
  for (const auto &[name, unused] : files.addedTokens.items()) {
    CRIA_ASSIGN_OR_RETURN(const int64_t id, object.integer(name, 0, INT32_MAX));
    const bool isSpecial = std::ranges::find(named.roles, name, &AddedToken::text) != named.roles.end() ||
                           std::ranges::find(named.listed, name, &AddedToken::text) != named.listed.end();
    AddedToken token{.id = id, .text = name, .isSpecial = isSpecial, .isNormalized = !isSpecial};
    if (!tokens.emplace(id, std::move(token)).second) {
      return invalidArgument("{}: two tokens have the id {}", where, id);
    }
  }
  return {};
}

/// The array of tokenizer.json. `replaces`: its tokens replace those that have the same id; otherwise those
/// with other ids are added.
static Status readArray(const TokenizerFiles &files, bool replaces, TokensById &tokens,
                        std::vector<std::string> &notes) {
  const std::string where = files.where("tokenizer.json");
  CRIA_ASSIGN_OR_RETURN(JsonObject file, JsonObject::of(files.tokenizer, where));
  if (file.absentOrNull("added_tokens")) {
    return {};
  }
  CRIA_ASSIGN_OR_RETURN(const Json *list, file.array("added_tokens"));
  CRIA_RETURN_IF_ERROR(checkCount(list->size(), where));
  std::vector<std::string> more;
  for (const Json &item : *list) {
    CRIA_ASSIGN_OR_RETURN(JsonObject entry, JsonObject::of(item, where + ": added_tokens"));
    CRIA_ASSIGN_OR_RETURN(const int64_t id, entry.integer("id", 0, INT32_MAX));
    CRIA_ASSIGN_OR_RETURN(AddedToken token, readAddedToken(entry, id, false));
    if (replaces) {
      tokens.insert_or_assign(id, std::move(token));
    } else if (std::string name = token.text; tokens.emplace(id, std::move(token)).second) {
      more.push_back(std::move(name));
    }
  }
  if (!more.empty()) {
    notes.push_back(
        fmt::format("{}: 'added_tokens' has {} tokens that 'added_tokens_decoder' of "
                    "tokenizer_config.json does not have, the first '{}'; they are tokens, too, as "
                    "for fast tokenizers; LlamaTokenizer of transformers 5 leaves them out",
                    where, more.size(), printable(more.front())));
  }
  return {};
}

bool listsAddedTokens(const Json &config) {
  const auto list = config.is_object() ? config.find("added_tokens_decoder") : config.end();
  return list != config.end() && !list->is_null();
}

StatusOr<std::vector<AddedToken>> readAddedTokens(const TokenizerFiles &files, const NamedTokens &named,
                                                  std::vector<std::string> &notes) {
  TokensById tokens;
  const bool hasDecoder = listsAddedTokens(files.config);
  CRIA_RETURN_IF_ERROR(hasDecoder ? readDecoder(files, tokens) : readMap(files, named, tokens));
  CRIA_RETURN_IF_ERROR(readArray(files, !hasDecoder, tokens, notes));
  std::vector<AddedToken> result;
  for (auto &[id, token] : tokens) {
    result.push_back(std::move(token));
  }
  return result;
}

} // namespace cria::huggingface
