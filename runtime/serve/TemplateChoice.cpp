// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// LoadedModel::openTemplate() opens the template that the user names, or that of the checkpoint.
#include "runtime/serve/LoadedModel.h"

#include <algorithm>

namespace cria {
namespace {

/// The options of chat.json, which belong to the checkpoint's template.
std::vector<PluginArgument> packageOptions(const ChatConfig &config) {
  std::vector<PluginArgument> arguments;
  for (const auto &[name, value] : config.options) {
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

/// Returns the options of `given`, and for others those of the package and its template source.
std::vector<PluginArgument> jinjaOptions(std::vector<PluginArgument> given, const ChatConfig &config) {
  std::vector<PluginArgument> defaults = packageOptions(config);
  defaults.push_back({.name = "template", .value = *config.source});
  for (PluginArgument &argument : defaults) {
    if (std::ranges::find(given, argument.name, &PluginArgument::name) == given.end()) {
      given.push_back(std::move(argument));
    }
  }
  return given;
}

Status noSource(const ChatConfig &config) {
  return invalidArgument(
      "the package has no template source for jinja: {}; state one as in jinja(template=\"...\")",
      config.templateName
          ? fmt::format("the template of the checkpoint is '{}', which is used without --chat-template",
                        *config.templateName)
          : "the checkpoint has none");
}

Status noTemplate(const ChatConfig &config) {
  if (config.source) {
    return invalidArgument(
        "unrecognized chat template; use --chat-template jinja to run the checkpoint's own, or "
        "name another one, e.g. --chat-template llama2 ('cria plugins' lists them)");
  }
  return invalidArgument("the checkpoint states no chat template; name one with --chat-template, e.g. "
                         "--chat-template llama2 ('cria plugins' lists them)");
}

} // namespace

StatusOr<ChatTemplate> LoadedModel::openTemplate(std::string_view expression) const {
  const ChatConfig &config = package_->chat();
  if (expression.empty()) {
    return config.templateName ? ChatTemplate::create(*plugins_, *config.templateName, packageOptions(config),
                                                      vocabulary_->view())
                               : noTemplate(config);
  }
  CRIA_ASSIGN_OR_RETURN(const std::vector<PluginSpec> specs, parsePluginExpression(expression));
  if (!usesPackageSource(specs)) {
    return ChatTemplate::create(*plugins_, expression, vocabulary_->view());
  }
  if (!config.source) {
    return noSource(config);
  }
  return ChatTemplate::create(*plugins_, "jinja", jinjaOptions(specs[0].arguments, config),
                              vocabulary_->view());
}

} // namespace cria
