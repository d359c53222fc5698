// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "frontends/huggingface/TokenizerConfig.h"

#include "format/TemplateMarks.h"
#include "frontends/huggingface/ChatTemplates.h"

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

/// The member that names a special token. As in transformers, special_tokens_map.json goes first unless
/// tokenizer_config.json lists the added tokens. Null if neither file has it.
static const Json *findSpecial(const TokenizerFiles &files, const std::string &member) {
  const bool usesMap = !listsAddedTokens(files.config) && files.specialMap.is_object();
  for (const Json *file : {usesMap ? &files.specialMap : nullptr, &files.config}) {
    if (file != nullptr && file->contains(member)) {
      return &(*file)[member];
    }
  }
  return nullptr;
}

/// nullopt: not stated; empty: null.
static StatusOr<std::optional<std::string>> statedName(const TokenizerFiles &files,
                                                       const std::string &member) {
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

/// Notes names that special_tokens_map.json and tokenizer_config.json state differently.
static void noteOtherNames(const TokenizerFiles &files, std::vector<std::string> &notes) {
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

/// The names of BOS, EOS and the other special tokens, then those of lists, in the order of transformers.
static std::vector<std::string> namedTokens(const TokenizerFiles &files) {
  std::vector<std::string> names;
  const auto add = [&names](const std::optional<std::string> &name) {
    if (name && !name->empty() && std::ranges::find(names, *name) == names.end()) {
      names.push_back(*name);
    }
  };
  for (const char *member : kNamedTokens) {
    if (const Json *value = findSpecial(files, member)) {
      add(nameOf(*value));
    }
  }
  for (const auto &[member, value] : files.config.items()) {
    if (member.ends_with("_token")) {
      add(nameOf(value));
    }
  }
  return names;
}

static std::vector<std::string> listedTokens(const TokenizerFiles &files) {
  std::vector<std::string> names;
  for (const char *member : {"additional_special_tokens", "extra_special_tokens"}) {
    const Json *list = findSpecial(files, member);
    const bool isList = list != nullptr && (list->is_array() || list->is_object());
    for (const Json &item : isList ? *list : Json::array()) { // the values of an object
      if (const std::optional<std::string> name = nameOf(item)) {
        names.push_back(*name);
      }
    }
  }
  return names;
}

static Status readFlags(const TokenizerFiles &files, StatedTokens &tokens, std::vector<std::string> &notes) {
  CRIA_ASSIGN_OR_RETURN(JsonObject object,
                        JsonObject::of(files.config, files.where("tokenizer_config.json")));
  const auto flag = [&object](const char *name, bool absent) -> StatusOr<bool> {
    return object.absentOrNull(name) ? StatusOr<bool>(absent) : object.boolean(name);
  };
  CRIA_ASSIGN_OR_RETURN(tokens.addsBos, flag("add_bos_token", true));
  CRIA_ASSIGN_OR_RETURN(const bool addsEos, flag("add_eos_token", false));
  CRIA_ASSIGN_OR_RETURN(const bool isLegacy, flag("legacy", true));
  CRIA_ASSIGN_OR_RETURN(const bool hasPrefix, flag("add_prefix_space", true));
  tokens.prefix = !hasPrefix ? PrefixRule::never : isLegacy ? PrefixRule::always : PrefixRule::first;
  if (addsEos) {
    notes.push_back(
        fmt::format("{}: 'add_eos_token' is not applied: the model continues a prompt", object.where()));
  }
  return {};
}

StatusOr<StatedTokens> readStatedTokens(const TokenizerFiles &files, std::vector<std::string> &notes) {
  StatedTokens tokens;
  CRIA_RETURN_IF_ERROR(readFlags(files, tokens, notes));
  CRIA_ASSIGN_OR_RETURN(tokens.bos, statedName(files, "bos_token"));
  CRIA_ASSIGN_OR_RETURN(tokens.eos, statedName(files, "eos_token"));
  noteOtherNames(files, notes);
  const std::vector<std::string> named = namedTokens(files);
  tokens.special = named;
  std::ranges::copy(listedTokens(files), std::back_inserter(tokens.special));
  CRIA_ASSIGN_OR_RETURN(tokens.added, readAddedTokens(files, tokens.special));
  for (AddedToken &token : tokens.added) { // a token that has a role is special, whatever the list says
    token.isSpecial |= std::ranges::find(named, token.text) != named.end();
  }
  return tokens;
}

StatusOr<std::optional<std::string>> readChatTemplate(const Json &tokenizerConfig, const std::string &where,
                                                      std::vector<std::string> &notes) {
  std::optional<std::string> text;
  CRIA_ASSIGN_OR_RETURN(JsonObject object, JsonObject::of(tokenizerConfig, where));
  const Json *chatTemplate = object.absentOrNull("chat_template") ? nullptr : object.find("chat_template");
  if (chatTemplate == nullptr) {
    return text;
  }
  if (chatTemplate->is_string()) {
    return std::optional(chatTemplate->get<std::string>());
  }
  if (!chatTemplate->is_array()) {
    return object.mismatch("chat_template", "a string or a list of templates");
  }
  for (const Json &item : *chatTemplate) {
    CRIA_ASSIGN_OR_RETURN(JsonObject named, JsonObject::of(item, where + ": chat_template"));
    CRIA_ASSIGN_OR_RETURN(const std::string name, named.string("name"));
    CRIA_ASSIGN_OR_RETURN(std::string source, named.string("template"));
    text = name == "default" ? std::optional(std::move(source)) : std::move(text);
  }
  if (!text && !chatTemplate->empty()) {
    notes.push_back(fmt::format("{}: none of the {} chat templates is named 'default', so none is used",
                                where, chatTemplate->size()));
  }
  return text;
}

/// Whether the checkpoint has the names that the template plugins write for BOS and EOS.
static bool hasLlamaNames(const StatedTokens &tokens) {
  return tokens.bos.value_or("<s>") == "<s>" && tokens.eos.value_or("</s>") == "</s>";
}

/// The first token, other than those that the plugin itself writes, that the template writes; empty if there
/// is none. The plugin would write its name as text.
static std::string findMark(const std::string &chatTemplate, const KnownTemplate &known,
                            const StatedTokens &tokens) {
  std::vector<std::string> names = tokens.special;
  std::ranges::transform(tokens.added, std::back_inserter(names), &AddedToken::text);
  const TemplateMarks marks(chatTemplate);
  const auto isMark = [&](const std::string &name) {
    const bool isOfChatMl = known.name == "chatml" && (name == "<|im_start|>" || name == "<|im_end|>");
    return name != "<s>" && name != "</s>" && !isOfChatMl && marks.mentions(name);
  };
  const auto found = std::ranges::find_if(names, isMark);
  return found == names.end() ? "" : *found;
}

void chooseChatTemplate(const std::string &chatTemplate, const StatedTokens &tokens, const std::string &where,
                        ChatConfig &chat, std::vector<std::string> &notes) {
  if (chatTemplate.empty()) {
    return;
  }
  const bool hasPrefix = tokens.prefix == PrefixRule::always;
  chat.source = chatTemplate;
  for (const auto &[name, value] : {std::pair("bos", tokens.bos), std::pair("eos", tokens.eos)}) {
    if (!value.value_or("").empty()) {
      chat.sourceOptions.emplace_back(name, *value);
    }
  }
  if (!hasPrefix) {
    chat.sourceOptions.emplace_back("dummy_prefix", "false");
  }
  const std::optional<KnownTemplate> known = recognizeChatTemplate(chatTemplate);
  // Only ChatML writes tokens of its own alone.
  if (!known || !(hasLlamaNames(tokens) || known->name == "chatml")) {
    notes.push_back(fmt::format(
        "{}: the chat template is not one that a plugin of its own renders; the plugin jinja runs it",
        where));
    return;
  }
  if (const std::string mark = findMark(chatTemplate, *known, tokens); !mark.empty()) {
    notes.push_back(
        fmt::format("{}: the chat template is that of the plugin {}, but the tokenizer has a token "
                    "'{}', which the template writes; the plugin jinja runs it",
                    where, known->name, printable(mark)));
    return;
  }
  chat.templateName = known->name;
  chat.options = known->options;
  // These two follow Meta's code, which encodes each turn separately.
  const bool hasOwnEncoding = known->name == "llama2" || known->name == "codellama";
  if (!hasPrefix && !hasOwnEncoding) {
    chat.options.emplace_back("dummy_prefix", "false");
  }
}

} // namespace cria::huggingface
