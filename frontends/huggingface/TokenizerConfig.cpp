// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "frontends/huggingface/TokenizerConfig.h"

#include "format/TemplateMarks.h"
#include "frontends/huggingface/ChatTemplates.h"
#include "frontends/huggingface/TokenizerJson.h"

#include <algorithm>

namespace cria::huggingface {

static void noteNormalized(const TokenizerFiles &files, const StatedTokens &tokens,
                           std::vector<std::string> &notes) {
  const auto found = std::ranges::find_if(tokens.added, &AddedToken::isNormalized);
  if (found != tokens.added.end()) {
    notes.push_back(fmt::format(
        "{}: the added token '{}' (id {}) is normalized: it is found in a text as it is, in transformers "
        "after "
        "the normalizer has replaced the spaces, and so not everywhere, and without the spaces beside it",
        files.where("tokenizer.json"), printable(found->text), found->id));
  }
}

StatusOr<StatedTokens> readStatedTokens(const TokenizerFiles &files, std::vector<std::string> &notes) {
  StatedTokens tokens;
  TokenizerRules rules;
  if (files.hasModel) {
    CRIA_ASSIGN_OR_RETURN(rules, readTokenizerRules(files, notes));
  }
  tokens.vocabulary = readVocabulary(files.tokenizer);
  tokens.prefix = rules.prefix;
  tokens.addsBos = rules.addsBos;
  tokens.promptBos = rules.promptBos;
  CRIA_ASSIGN_OR_RETURN(tokens.bos, readTokenName(files, "bos_token"));
  CRIA_ASSIGN_OR_RETURN(tokens.eos, readTokenName(files, "eos_token"));
  CRIA_ASSIGN_OR_RETURN(tokens.names, readOtherNames(files, rules));
  noteOtherNames(files, notes);
  CRIA_ASSIGN_OR_RETURN(NamedTokens named, readNamedTokens(files));
  CRIA_ASSIGN_OR_RETURN(tokens.added, readAddedTokens(files, named, notes));
  for (AddedToken &token : tokens.added) { // a token that has a role is special, whatever the list says
    token.isNormalized &= !rules.ignoresNormalized;
    token.isSpecial |= named.hasRole(token.text);
  }
  for (std::vector<AddedToken> *list : {&named.roles, &named.otherRoles, &named.listed}) {
    std::ranges::move(*list, std::back_inserter(tokens.special));
  }
  if (rules.replacesSpaces) {
    noteNormalized(files, tokens, notes);
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
  std::vector<std::string> names;
  std::ranges::transform(tokens.special, std::back_inserter(names), &AddedToken::text);
  std::ranges::transform(tokens.added, std::back_inserter(names), &AddedToken::text);
  const TemplateMarks marks(chatTemplate);
  const auto isMark = [&](const std::string &name) {
    const bool isOfChatMl = known.name == "chatml" && (name == "<|im_start|>" || name == "<|im_end|>");
    return name != "<s>" && name != "</s>" && !isOfChatMl && marks.mentions(name);
  };
  const auto found = std::ranges::find_if(names, isMark);
  return found == names.end() ? "" : *found;
}

/// A line "pad_token=<pad>" for each role that the template may name.
static std::string linesOfNames(const StatedTokens &tokens, std::string_view chatTemplate) {
  std::string lines;
  for (const auto &[role, name] : tokens.names) {
    lines += chatTemplate.find(role) != chatTemplate.npos ? fmt::format("{}={}\n", role, name) : "";
  }
  return lines;
}

void chooseChatTemplate(const std::string &chatTemplate, const StatedTokens &tokens, const std::string &where,
                        ChatConfig &chat, std::vector<std::string> &notes) {
  if (chatTemplate.empty()) {
    return;
  }
  const bool hasPrefix = tokens.prefix == PrefixRule::always || tokens.prefix == PrefixRule::each;
  chat.source = chatTemplate;
  for (const auto &[name, value] : {std::pair("bos", tokens.bos), std::pair("eos", tokens.eos)}) {
    if (!value.value_or("").empty()) {
      chat.sourceOptions.emplace_back(name, *value);
    }
  }
  if (const std::string lines = linesOfNames(tokens, chatTemplate); !lines.empty()) {
    chat.sourceOptions.emplace_back("names", lines);
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
