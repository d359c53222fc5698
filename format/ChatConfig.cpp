// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Parses and writes chat.json.
#include "format/ModelConfig.h"

namespace cria {

namespace {
template <typename T>
void addIfGiven(nlohmann::ordered_json &json, const char *name, const std::optional<T> &value) {
  if (value) {
    json[name] = *value;
  }
}

using Options = std::vector<std::pair<std::string, std::string>>;

nlohmann::ordered_json optionsToJson(const Options &options) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const auto &[name, value] : options) {
    json[name] = value;
  }
  return json;
}

StatusOr<Options> optionsFromJson(JsonObject &config, std::string_view member) {
  CRIA_ASSIGN_OR_RETURN(JsonObject object, config.object(member));
  Options options;
  for (const auto &[name, unused] : object.value().items()) {
    CRIA_ASSIGN_OR_RETURN(std::string text, object.string(name));
    options.emplace_back(name, std::move(text));
  }
  return options;
}

StatusOr<GenerationDefaults> readGeneration(JsonObject object) {
  GenerationDefaults generation;
  for (const std::string_view name : GenerationDefaults::names()) {
    CRIA_RETURN_IF_ERROR(generation.readMember(object, name));
  }
  CRIA_RETURN_IF_ERROR(object.finish());
  return generation;
}
} // namespace

nlohmann::ordered_json ChatConfig::toJson() const {
  nlohmann::ordered_json json;
  if (templateName) {
    json["template"] = *templateName;
  } else {
    json["template"] = nullptr;
  }
  json["options"] = optionsToJson(options);
  addIfGiven(json, "source", source);
  json["source_options"] = optionsToJson(sourceOptions);
  json["generation"] = generation.toJson();
  return json;
}

StatusOr<ChatConfig> ChatConfig::fromJson(const Json &value, const std::string &where) {
  CRIA_ASSIGN_OR_RETURN(JsonObject object, JsonObject::of(value, where));
  ChatConfig config;
  if (!object.absentOrNull("template")) {
    CRIA_ASSIGN_OR_RETURN(config.templateName, object.string("template"));
  }
  if (!object.absentOrNull("source")) {
    CRIA_ASSIGN_OR_RETURN(config.source, object.string("source"));
  }
  CRIA_ASSIGN_OR_RETURN(config.options, optionsFromJson(object, "options"));
  CRIA_ASSIGN_OR_RETURN(config.sourceOptions, optionsFromJson(object, "source_options"));
  CRIA_ASSIGN_OR_RETURN(JsonObject generation, object.object("generation"));
  CRIA_ASSIGN_OR_RETURN(config.generation, readGeneration(std::move(generation)));
  CRIA_RETURN_IF_ERROR(object.finish());
  return config;
}

} // namespace cria
