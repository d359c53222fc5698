// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// LoadedModel::openTemplate() opens the template that the user names, or that of the checkpoint.
#include "runtime/serve/LoadedModel.h"
#include "runtime/serve/TemplateMarks.h"

#include <algorithm>

namespace cria {
namespace {

using NamedValues = std::vector<std::pair<std::string, std::string>>;

/// Options of chat.json, which belong to the checkpoint's template.
std::vector<PluginArgument> packageOptions(const NamedValues &options) {
  std::vector<PluginArgument> arguments;
  for (const auto &[name, value] : options) {
    arguments.push_back({.name = name, .value = value});
  }
  return arguments;
}

/// Returns whether the expression is the plugin `jinja` without a template source.
bool usesPackageSource(const std::vector<PluginSpec> &specs) {
  return specs.size() == 1 && specs[0].name == "jinja" &&
         std::ranges::none_of(specs[0].arguments, [](const PluginArgument &argument) {
           return argument.name.empty() || argument.name == "template"; // the first option
         });
}

/// Adds those of `defaults` that are not given.
void addDefaults(std::vector<PluginArgument> &given, std::vector<PluginArgument> defaults) {
  for (PluginArgument &argument : defaults) {
    if (std::ranges::find(given, argument.name, &PluginArgument::name) == given.end()) {
      given.push_back(std::move(argument));
    }
  }
}

/// The names of the tokens that texts are split at, one per line, for the option `tokens` of jinja.
std::string markerLines(const Tokenizer *tokenizer) {
  std::string lines;
  for (const std::string_view name : tokenizer ? tokenizer->textTokens() : std::vector<std::string_view>()) {
    const bool isLine = !name.empty() && name.find('\n') == name.npos;
    lines += isLine ? fmt::format("{}{}", lines.empty() ? "" : "\n", name) : "";
  }
  return lines;
}

/// The option `template`; the text of the package for the plugin that renders it.
std::string sourceOf(std::string_view name, const std::vector<PluginArgument> &arguments,
                     const ChatConfig &config) {
  const auto given = std::ranges::find_if(arguments, [](const PluginArgument &argument) {
    return argument.name == "template" || argument.name.empty(); // the first option
  });
  if (name == "jinja" && given != arguments.end()) {
    const auto *source = std::get_if<std::string>(&given->value);
    return source ? *source : ""; // the plugin refuses other values
  }
  return name == config.templateName ? config.source.value_or("") : "";
}

Status noTemplate() {
  return invalidArgument("the checkpoint states no chat template; name one with --chat-template, e.g. "
                         "--chat-template llama2 ('cria plugins' lists them)");
}

} // namespace

/// expression: in which the arguments were given, for messages.
StatusOr<ChatTemplate> LoadedModel::createTemplate(std::string_view name,
                                                   std::vector<PluginArgument> arguments,
                                                   std::string_view expression) const {
  const bool isJinja = name == "jinja";
  if (const std::string lines = isJinja ? markerLines(tokenizer_.get()) : ""; !lines.empty()) {
    addDefaults(arguments, {{.name = "tokens", .value = lines}});
  }
  const std::string source = sourceOf(name, arguments, package_->chat());
  size_t position = std::string_view::npos;
  StatusOr<ChatTemplate> chat =
      ChatTemplate::create(*plugins_, name, arguments, vocabulary_->view(), &position);
  if (!chat.ok()) {
    return position < expression.size() ? locatedIn(expression, position, chat.status()) : chat.status();
  }
  return withMarks(std::move(chat), source);
}

StatusOr<ChatTemplate> LoadedModel::withMarks(StatusOr<ChatTemplate> chat, std::string_view source) const {
  if (chat.ok() && tokenizer_) {
    chat->setMarkers(marksOf(*chat, source, *tokenizer_));
  }
  return chat;
}

StatusOr<ChatTemplate> LoadedModel::openTemplate(std::string_view expression) const {
  const ChatConfig &config = package_->chat();
  if (expression.empty() && config.templateName) {
    return createTemplate(*config.templateName, packageOptions(config.options), "");
  }
  if (expression.empty() && !config.source) {
    return noTemplate();
  }
  CRIA_ASSIGN_OR_RETURN(const std::vector<PluginSpec> specs,
                        parsePluginExpression(expression.empty() ? "jinja" : expression));
  if (specs.size() != 1 || specs[0].name != "jinja") {
    return withMarks(ChatTemplate::create(*plugins_, expression, vocabulary_->view()), "");
  }
  std::vector<PluginArgument> arguments = specs[0].arguments;
  if (usesPackageSource(specs)) {
    if (!config.source) {
      return invalidArgument("the package has no template source for jinja: the checkpoint has none; state "
                             "one as in jinja(template=\"...\")");
    }
    addDefaults(arguments, packageOptions(config.sourceOptions));
    addDefaults(arguments, {{.name = "template", .value = *config.source}});
  }
  return createTemplate("jinja", std::move(arguments), expression);
}

} // namespace cria
