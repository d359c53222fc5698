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

Status readStopTexts(JsonObject &object, std::vector<std::string> &texts) {
  if (object.absentOrNull("stop_strings")) {
    return {};
  }
  CRIA_ASSIGN_OR_RETURN(const Json *list, object.array("stop_strings"));
  for (const Json &text : *list) {
    if (!text.is_string() || text.get_ref<const std::string &>().empty()) {
      return object.mismatch("stop_strings", "an array of texts that are not empty");
    }
    texts.push_back(text.get<std::string>());
  }
  return {};
}

Status readGeneration(JsonObject object, GenerationDefaults &generation) {
  if (!object.absentOrNull("temperature")) {
    CRIA_ASSIGN_OR_RETURN(generation.temperature, object.number("temperature"));
  }
  if (!object.absentOrNull("top_p")) {
    CRIA_ASSIGN_OR_RETURN(generation.topP, object.number("top_p"));
  }
  if (!object.absentOrNull("top_k")) {
    CRIA_ASSIGN_OR_RETURN(generation.topK, object.integer("top_k", 0, INT32_MAX));
  }
  if (!object.absentOrNull("do_sample")) {
    CRIA_ASSIGN_OR_RETURN(generation.doSample, object.boolean("do_sample"));
  }
  if (!object.absentOrNull("max_new_tokens")) {
    CRIA_ASSIGN_OR_RETURN(generation.maxNewTokens, object.integer("max_new_tokens", 0, INT32_MAX));
  }
  CRIA_RETURN_IF_ERROR(readStopTexts(object, generation.stopTexts));
  return object.finish();
}
} // namespace

Status GenerationDefaults::check(std::string_view where) const {
  constexpr double kMaxTemperature = 100;
  if (temperature && !(*temperature >= 0 && *temperature <= kMaxTemperature)) {
    return invalidArgument("{}: expected 'temperature' to be from 0 to {}, got {}", where, kMaxTemperature,
                           *temperature);
  }
  if (topP && !(*topP >= 0 && *topP <= 1)) {
    return invalidArgument("{}: expected 'top_p' to be from 0 to 1, got {}", where, *topP);
  }
  return {};
}

nlohmann::ordered_json ChatConfig::toJson() const {
  nlohmann::ordered_json json, generationJson = nlohmann::ordered_json::object();
  addIfGiven(generationJson, "temperature", generation.temperature);
  addIfGiven(generationJson, "top_p", generation.topP);
  addIfGiven(generationJson, "top_k", generation.topK);
  addIfGiven(generationJson, "do_sample", generation.doSample);
  addIfGiven(generationJson, "max_new_tokens", generation.maxNewTokens);
  if (!generation.stopTexts.empty()) {
    generationJson["stop_strings"] = generation.stopTexts;
  }
  if (templateName) {
    json["template"] = *templateName;
  } else {
    json["template"] = nullptr;
  }
  json["options"] = optionsToJson(options);
  addIfGiven(json, "source", source);
  json["source_options"] = optionsToJson(sourceOptions);
  json["generation"] = std::move(generationJson);
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
  std::string generationWhere = generation.where();
  CRIA_RETURN_IF_ERROR(readGeneration(std::move(generation), config.generation));
  CRIA_RETURN_IF_ERROR(config.generation.check(generationWhere));
  CRIA_RETURN_IF_ERROR(object.finish());
  return config;
}

} // namespace cria
