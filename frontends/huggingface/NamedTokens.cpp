// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The tokens that have a role, such as BOS, and those of lists, in the order of transformers.
#include "frontends/huggingface/TokenizerConfig.h"

#include <algorithm>

namespace cria::huggingface {

/// The name of a token: a string, or the member "content" of an object.
template <typename AnyJson> static std::optional<std::string> nameOf(const AnyJson &value) {
  if (value.is_string()) {
    return value.template get<std::string>();
  }
  const auto content = value.is_object() ? value.find("content") : value.end();
  return content != value.end() && content->is_string() ? std::optional(content->template get<std::string>())
                                                        : std::nullopt;
}

/// As in transformers, special_tokens_map.json goes first unless tokenizer_config.json lists added tokens.
static const OrderedJson *usedMap(const TokenizerFiles &files) {
  return !listsAddedTokens(files.config) && files.orderedMap.is_object() ? &files.orderedMap : nullptr;
}

static const OrderedJson *memberOf(const OrderedJson *file, const std::string &member) {
  const bool isThere = file != nullptr && file->is_object() && file->contains(member);
  return isThere ? &file->at(member) : nullptr;
}

/// Further tokens of tokenizer_config.json: the older name counts where the newer one states none.
static const OrderedJson *extraOfConfig(const TokenizerFiles &files) {
  const OrderedJson *newer = memberOf(&files.orderedConfig, "extra_special_tokens");
  const bool isStated = newer != nullptr && newer->is_structured() && !newer->empty();
  return isStated ? newer : memberOf(&files.orderedConfig, "additional_special_tokens");
}

/// Of special_tokens_map.json transformers reads the newer name alone.
static const OrderedJson *extraOfMap(const TokenizerFiles &files) {
  return memberOf(usedMap(files), "extra_special_tokens");
}

static const OrderedJson *objectOrNull(const OrderedJson *value) {
  return value != nullptr && value->is_object() ? value : nullptr;
}

/// The member that names a special token. Objects of further tokens go first. Null if no file has it.
static const OrderedJson *findSpecial(const TokenizerFiles &files, const std::string &member) {
  for (const OrderedJson *object : {objectOrNull(extraOfMap(files)), objectOrNull(extraOfConfig(files)),
                                    usedMap(files), &files.orderedConfig}) {
    if (const OrderedJson *value = memberOf(object, member)) {
      return value;
    }
  }
  return nullptr;
}

StatusOr<std::optional<std::string>> readTokenName(const TokenizerFiles &files, const std::string &member) {
  const OrderedJson *value = findSpecial(files, member);
  if (value == nullptr) {
    return std::optional<std::string>();
  }
  std::optional<std::string> name = value->is_null() ? std::string() : nameOf(*value);
  if (!name) {
    return invalidArgument("{}: expected '{}' to be the name of a token, an object with 'content', or null, "
                           "got {}",
                           files.where("tokenizer_config.json"), member, describeJson(Json(*value)));
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

/// Collects tokens by the members that name them, in the order of transformers; the first token of a name
/// counts.
class NamedTokenReader {
public:
  explicit NamedTokenReader(const TokenizerFiles &files) : files_(files) {}

  StatusOr<NamedTokens> read() {
    for (const char *member : kNamedTokens) {
      CRIA_RETURN_IF_ERROR(add(findSpecial(files_, member), member, tokens_.roles));
    }
    collectOtherRoles();
    for (const auto &[member, value] : otherRoles_) {
      CRIA_RETURN_IF_ERROR(add(value, member, tokens_.otherRoles));
    }
    // An object in special_tokens_map.json replaces the list of tokenizer_config.json.
    const bool isReplaced = objectOrNull(extraOfMap(files_)) != nullptr;
    CRIA_RETURN_IF_ERROR(isReplaced ? Status() : addList(extraOfConfig(files_)));
    CRIA_RETURN_IF_ERROR(addList(extraOfMap(files_)));
    return std::move(tokens_);
  }

private:
  /// Members "image_token" and the like, and those of objects of further tokens. A later value of a member
  /// replaces an earlier one in its place.
  void collectOtherRoles() {
    collect(files_.orderedConfig, [](const std::string &member, const OrderedJson &value) {
      return isRole(member) && value.is_object();
    });
    if (usedMap(files_) != nullptr) {
      collect(*usedMap(files_), [](const std::string &member, const auto &) { return isRole(member); });
    }
    collect(files_.orderedConfig, [](const std::string &member, const OrderedJson &value) {
      return isRole(member) && value.is_string();
    });
    for (const OrderedJson *extra : {extraOfConfig(files_), extraOfMap(files_)}) {
      if (objectOrNull(extra) != nullptr) {
        collect(*extra, [](const auto &, const auto &) { return true; });
      }
    }
  }

  template <typename Filter> void collect(const OrderedJson &object, Filter isTaken) {
    for (const auto &[member, value] : object.items()) {
      if (std::ranges::find(kNamedTokens, member) == std::end(kNamedTokens) && isTaken(member, value)) {
        const auto found = std::ranges::find(otherRoles_, member, &Role::first);
        (found == otherRoles_.end() ? otherRoles_.emplace_back(member, nullptr) : *found).second = &value;
      }
    }
  }

  static bool isRole(const std::string &member) { return member.ends_with("_token"); }

  Status addList(const OrderedJson *list) {
    for (const OrderedJson &item : list != nullptr && list->is_array() ? *list : OrderedJson::array()) {
      CRIA_RETURN_IF_ERROR(add(&item, "extra_special_tokens", tokens_.listed));
    }
    return {};
  }

  Status add(const OrderedJson *value, const std::string &member, std::vector<AddedToken> &tokens) {
    const std::optional<std::string> name = value == nullptr ? std::nullopt : nameOf(*value);
    if (!name || name->empty() || tokens_.contains(*name)) {
      return {};
    }
    AddedToken token{.text = *name, .isSpecial = true};
    if (value->is_object()) {
      const std::string where = fmt::format("{}: {}", files_.where("tokenizer_config.json"), member);
      const Json object = *value;
      CRIA_ASSIGN_OR_RETURN(JsonObject entry, JsonObject::of(object, where));
      // An object of the type of transformers is not special unless it says so.
      CRIA_ASSIGN_OR_RETURN(token, readAddedToken(entry, 0, !value->contains("__type")));
      token.isSpecial |= &tokens != &tokens_.listed;
    }
    tokens.push_back(std::move(token));
    return {};
  }

  using Role = std::pair<std::string, const OrderedJson *>; // borrowed from the files

  const TokenizerFiles &files_;
  std::vector<Role> otherRoles_;
  NamedTokens tokens_;
};

} // namespace

StatusOr<NamedTokens> readNamedTokens(const TokenizerFiles &files) { return NamedTokenReader(files).read(); }

} // namespace cria::huggingface
