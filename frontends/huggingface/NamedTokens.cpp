// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The tokens that have a role, such as BOS, and those of lists, in the order of transformers.
#include "frontends/huggingface/TokenizerConfig.h"

#include <algorithm>

namespace cria::huggingface {

/// The name of a token: a string, or the member "content" of an object.
static std::optional<std::string> nameOf(const Json &value) {
  if (value.is_string()) {
    return value.get<std::string>();
  }
  const auto content = value.is_object() ? value.find("content") : value.end();
  return content != value.end() && content->is_string() ? std::optional(content->get<std::string>())
                                                        : std::nullopt;
}

/// As in transformers, special_tokens_map.json goes first unless tokenizer_config.json lists added tokens.
static const Json *usedMap(const TokenizerFiles &files) {
  return !listsAddedTokens(files.config) && files.specialMap.is_object() ? &files.specialMap : nullptr;
}

static const Json *memberOf(const Json *file, const std::string &member) {
  return file != nullptr && file->is_object() && file->contains(member) ? &(*file)[member] : nullptr;
}

/// The member that names a special token. Null if neither file has it.
static const Json *findSpecial(const TokenizerFiles &files, const std::string &member) {
  const Json *ofMap = memberOf(usedMap(files), member);
  return ofMap != nullptr ? ofMap : memberOf(&files.config, member);
}

StatusOr<std::optional<std::string>> readTokenName(const TokenizerFiles &files, const std::string &member) {
  const Json *value = findSpecial(files, member);
  if (value == nullptr) {
    return std::optional<std::string>();
  }
  std::optional<std::string> name = value->is_null() ? std::string() : nameOf(*value);
  if (!name) {
    return invalidArgument("{}: expected '{}' to be the name of a token, an object with 'content', or null, "
                           "got {}",
                           files.where("tokenizer_config.json"), member, describeJson(*value));
  }
  return name;
}

static constexpr const char *kNamedTokens[] = {"bos_token", "eos_token", "unk_token", "sep_token",
                                               "pad_token", "cls_token", "mask_token"};

StatusOr<std::vector<std::pair<std::string, std::string>>> readOtherNames(const TokenizerFiles &files,
                                                                          const TokenizerRules &rules) {
  std::vector<std::pair<std::string, std::string>> names;
  for (const std::string member : kNamedTokens) {
    CRIA_ASSIGN_OR_RETURN(std::optional<std::string> name, readTokenName(files, member));
    if (!name && member == "unk_token" && rules.hasUnknown) {
      name = "<unk>";
    }
    const bool isOther = member != "bos_token" && member != "eos_token";
    if (isOther && name && !name->empty()) {
      names.emplace_back(member, *name);
    }
  }
  return names;
}

void noteOtherNames(const TokenizerFiles &files, std::vector<std::string> &notes) {
  for (const char *member : kNamedTokens) {
    const bool areBoth = files.specialMap.is_object() && files.specialMap.contains(member) &&
                         files.config.is_object() && files.config.contains(member);
    const auto ofMap = areBoth ? nameOf(files.specialMap[member]) : std::nullopt;
    const auto ofConfig = areBoth ? nameOf(files.config[member]) : std::nullopt;
    if (ofMap != ofConfig) {
      const auto quoted = [](const std::optional<std::string> &name) {
        return name ? fmt::format("'{}'", printable(*name)) : "none";
      };
      const bool countsMap = !listsAddedTokens(files.config);
      notes.push_back(fmt::format("{}: '{}' is {}, and {} in tokenizer_config.json; {} counts",
                                  files.where("special_tokens_map.json"), member, quoted(ofMap),
                                  quoted(ofConfig), quoted(countsMap ? ofMap : ofConfig)));
    }
  }
}

static bool isIn(const std::vector<AddedToken> &tokens, std::string_view name) {
  return std::ranges::find(tokens, name, &AddedToken::text) != tokens.end();
}

bool NamedTokens::hasRole(std::string_view name) const { return isIn(roles, name) || isIn(otherRoles, name); }

bool NamedTokens::contains(std::string_view name) const { return hasRole(name) || isIn(listed, name); }

namespace {

/// Collects tokens by the members that name them; the first token of a name counts.
class NamedTokenReader {
public:
  explicit NamedTokenReader(const TokenizerFiles &files) : files_(files) {}

  StatusOr<NamedTokens> read() {
    for (const char *member : kNamedTokens) {
      CRIA_RETURN_IF_ERROR(add(findSpecial(files_, member), member, tokens_.roles));
    }
    for (const bool areObjects : {true, false}) { // the order of their ids
      CRIA_RETURN_IF_ERROR(addOtherRoles(files_.config, areObjects));
      CRIA_RETURN_IF_ERROR(usedMap(files_) ? addOtherRoles(files_.specialMap, areObjects) : Status());
    }
    CRIA_RETURN_IF_ERROR(addExtra());
    return std::move(tokens_);
  }

private:
  /// Members "image_token" and the like.
  Status addOtherRoles(const Json &file, bool areObjects) {
    for (const auto &[member, value] : file.items()) {
      const bool isRole = member.ends_with("_token") && value.is_object() == areObjects &&
                          std::ranges::find(kNamedTokens, member) == std::end(kNamedTokens);
      if (isRole) {
        CRIA_RETURN_IF_ERROR(add(&value, member, tokens_.otherRoles));
      }
    }
    return {};
  }

  /// The older name of the list counts where the newer one lists nothing. Lists of both files are joined.
  Status addExtra() {
    for (const Json *file : {static_cast<const Json *>(&files_.config), usedMap(files_)}) {
      const Json *newer = memberOf(file, "extra_special_tokens");
      const bool isListed = newer != nullptr && newer->is_array() && !newer->empty();
      CRIA_RETURN_IF_ERROR(addList(newer, "extra_special_tokens"));
      const Json *older = isListed ? nullptr : memberOf(file, "additional_special_tokens");
      CRIA_RETURN_IF_ERROR(addList(older, "additional_special_tokens"));
    }
    return {};
  }

  /// The members of an object are roles.
  Status addList(const Json *list, const std::string &member) {
    const bool isList = list != nullptr && (list->is_array() || list->is_object());
    for (const Json &item : isList ? *list : Json::array()) {
      CRIA_RETURN_IF_ERROR(add(&item, member, list->is_object() ? tokens_.otherRoles : tokens_.listed));
    }
    return {};
  }

  Status add(const Json *value, const std::string &member, std::vector<AddedToken> &tokens) {
    const std::optional<std::string> name = value == nullptr ? std::nullopt : nameOf(*value);
    if (!name || name->empty() || tokens_.contains(*name)) {
      return {};
    }
    AddedToken token{.text = *name, .isSpecial = true};
    if (value->is_object()) {
      const std::string where = fmt::format("{}: {}", files_.where("tokenizer_config.json"), member);
      CRIA_ASSIGN_OR_RETURN(JsonObject entry, JsonObject::of(*value, where));
      // An object of the type of transformers is not special unless it says so.
      CRIA_ASSIGN_OR_RETURN(token, readAddedToken(entry, 0, !value->contains("__type")));
      token.isSpecial |= &tokens != &tokens_.listed;
    }
    tokens.push_back(std::move(token));
    return {};
  }

  const TokenizerFiles &files_;
  NamedTokens tokens_;
};

} // namespace

StatusOr<NamedTokens> readNamedTokens(const TokenizerFiles &files) { return NamedTokenReader(files).read(); }

} // namespace cria::huggingface
