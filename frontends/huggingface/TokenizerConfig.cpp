// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "frontends/huggingface/TokenizerConfig.h"

#include "frontends/huggingface/ChatTemplates.h"

namespace cria::huggingface {

static Status readAddBos(JsonObject &object, ModelConfig &model, std::vector<std::string> &notes) {
  if (!object.absentOrNull("add_bos_token")) {
    CRIA_ASSIGN_OR_RETURN(bool addBos, object.boolean("add_bos_token"));
    model.bosId = addBos ? model.bosId : -1;
  }
  if (!object.absentOrNull("add_eos_token")) {
    CRIA_ASSIGN_OR_RETURN(bool addEos, object.boolean("add_eos_token"));
    if (addEos) {
      notes.push_back(
          fmt::format("{}: 'add_eos_token' is not applied: the model continues a prompt", object.where()));
    }
  }
  return {};
}

/// Reads a template, or the one named "default" in a list of {"name", "template"}.
static Status readChatTemplate(JsonObject &object, TokenizerSettings &settings) {
  const Json *chatTemplate = object.absentOrNull("chat_template") ? nullptr : object.find("chat_template");
  if (chatTemplate == nullptr) {
    return {};
  }
  if (chatTemplate->is_string()) {
    settings.chatTemplate = chatTemplate->get<std::string>();
    return {};
  }
  if (!chatTemplate->is_array()) {
    return object.mismatch("chat_template", "a string or a list of templates");
  }
  for (const Json &item : *chatTemplate) {
    CRIA_ASSIGN_OR_RETURN(JsonObject named, JsonObject::of(item, object.where() + ": chat_template"));
    CRIA_ASSIGN_OR_RETURN(std::string name, named.string("name"));
    CRIA_ASSIGN_OR_RETURN(std::string text, named.string("template"));
    if (name == "default") {
      settings.chatTemplate = std::move(text);
    }
  }
  return {};
}

/// The name of a token: a string, or the member "content" of an object.
static std::string tokenName(JsonObject &object, std::string_view member) {
  const Json *value = object.find(member);
  if (value != nullptr && value->is_object()) {
    const auto content = value->find("content");
    value = content == value->end() ? nullptr : &*content;
  }
  return value != nullptr && value->is_string() ? value->get<std::string>() : "";
}

StatusOr<TokenizerSettings> readTokenizerConfig(const Json &json, const std::string &where,
                                                ModelConfig &model, std::vector<std::string> &notes) {
  CRIA_ASSIGN_OR_RETURN(JsonObject object, JsonObject::of(json, where));
  TokenizerSettings settings;
  CRIA_RETURN_IF_ERROR(readAddBos(object, model, notes));
  CRIA_RETURN_IF_ERROR(readChatTemplate(object, settings));
  if (!object.absentOrNull("legacy")) {
    CRIA_ASSIGN_OR_RETURN(settings.isLegacy, object.boolean("legacy"));
  }
  settings.bos = tokenName(object, "bos_token");
  settings.eos = tokenName(object, "eos_token");
  CRIA_ASSIGN_OR_RETURN(settings.addedTokens, readAddedTokensDecoder(json, where));
  return settings;
}

void chooseChatTemplate(const TokenizerSettings &settings, const std::string &where, ChatConfig &chat,
                        std::vector<std::string> &notes) {
  if (!settings.chatTemplate || settings.chatTemplate->empty()) {
    return;
  }
  const std::optional<KnownTemplate> known = recognizeChatTemplate(*settings.chatTemplate);
  chat.options = known ? known->options : decltype(chat.options)();
  // These two follow Meta's code, which encodes each turn separately.
  const bool hasOwnEncoding = known && (known->name == "llama2" || known->name == "codellama");
  if (!settings.isLegacy && !hasOwnEncoding) {
    chat.options.emplace_back("dummy_prefix", "false");
  }
  if (known) {
    chat.templateName = known->name;
    return;
  }
  chat.source = settings.chatTemplate;
  for (const auto &[name, value] : {std::pair("bos", settings.bos), std::pair("eos", settings.eos)}) {
    if (!value.empty()) {
      chat.options.emplace_back(name, value);
    }
  }
  notes.push_back(fmt::format(
      "{}: unrecognized chat template: the package stores it; use --chat-template jinja to run it", where));
}

} // namespace cria::huggingface
