// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RoPE settings. Each member of the scaling object changes the angles, so an unknown one is refused.
#include "frontends/huggingface/RopeConfig.h"

#include <algorithm>

namespace cria::huggingface {

namespace {
/// The default of transformers for configurations of the older form, such as the first ones of LLaMA 2.
constexpr double kDefaultTheta = 10000;

/// As in transformers, an empty object or list, and false, is none.
bool hasSettings(JsonObject &config, std::string_view name) {
  const Json *settings = config.absentOrNull(name) ? nullptr : config.find(name);
  return settings != nullptr && *settings != false && (!settings->is_structured() || !settings->empty());
}

/// Returns rope_parameters or rope_scaling, or none when both are absent, null or empty.
StatusOr<std::optional<JsonObject>> settingsObject(JsonObject &config) {
  bool older = hasSettings(config, "rope_scaling"), newer = hasSettings(config, "rope_parameters");
  if (older && newer && *config.find("rope_scaling") != *config.find("rope_parameters")) {
    return invalidArgument("{}: 'rope_scaling' and 'rope_parameters' differ; remove the wrong one",
                           config.where());
  }
  if (!older && !newer) {
    return std::optional<JsonObject>();
  }
  CRIA_ASSIGN_OR_RETURN(JsonObject settings, config.object(newer ? "rope_parameters" : "rope_scaling"));
  return std::optional(std::move(settings));
}

StatusOr<std::string> ropeType(JsonObject &settings) {
  bool older = !settings.absentOrNull("type"), newer = !settings.absentOrNull("rope_type");
  if (older && newer && *settings.find("type") != *settings.find("rope_type")) {
    return invalidArgument("{}: 'type' {} and 'rope_type' {} differ", settings.where(),
                           describeJson(*settings.find("type")), describeJson(*settings.find("rope_type")));
  }
  if (!older && !newer) {
    return std::string("default");
  }
  return settings.string(older ? "type" : "rope_type");
}

/// Reads rope_theta from the settings object or from the top level. Where both state it, they must agree.
StatusOr<double> readTheta(JsonObject &config, std::optional<JsonObject> &settings, RopeConfig &rope) {
  bool inside = settings && !settings->absentOrNull("rope_theta"),
       outside = !config.absentOrNull("rope_theta");
  double insideTheta = 0, outsideTheta = 0;
  if (inside) {
    CRIA_ASSIGN_OR_RETURN(insideTheta, settings->number("rope_theta"));
  }
  if (outside) {
    CRIA_ASSIGN_OR_RETURN(outsideTheta, config.number("rope_theta"));
  }
  if (inside && outside && insideTheta != outsideTheta) {
    return invalidArgument("{}: 'rope_theta' is {} at the top and {} in the RoPE settings", config.where(),
                           outsideTheta, insideTheta);
  }
  if (inside || outside) {
    return inside ? insideTheta : outsideTheta;
  }
  rope.notes.push_back(
      fmt::format("{}: no 'rope_theta'; using the default {}", config.where(), kDefaultTheta));
  return kDefaultTheta;
}

StatusOr<int64_t> originalContext(JsonObject &config, JsonObject &settings, std::optional<int64_t> absent) {
  constexpr const char *kName = "original_max_position_embeddings";
  if (!settings.absentOrNull(kName)) {
    return settings.integer(kName, 1, INT32_MAX);
  }
  if (!config.absentOrNull(kName)) {
    return config.integer(kName, 1, INT32_MAX);
  }
  if (absent) {
    return *absent;
  }
  return settings.mismatch(kName, "an integer");
}

Status readScaling(JsonObject &config, JsonObject &settings, const std::string &type, RopeConfig &rope) {
  if (type == "default") {
    return {};
  }
  if (type != "linear" && type != "llama3" && type != "dynamic") {
    return error(StatusCode::unsupported,
                 "{}: RoPE type '{}' is not supported; expected default, linear, dynamic or "
                 "llama3",
                 settings.where(), printable(type));
  }
  RopeScaling scaling;
  CRIA_ASSIGN_OR_RETURN(scaling.factor, settings.number("factor"));
  if (type == "dynamic") {
    CRIA_ASSIGN_OR_RETURN(int64_t original, originalContext(config, settings, rope.context));
    rope.context = std::min(rope.context, original);
    rope.isDynamic = true;
    return {};
  }
  if (type == "llama3") {
    scaling.kind = RopeScaling::Kind::llama3;
    CRIA_ASSIGN_OR_RETURN(scaling.lowFreqFactor, settings.number("low_freq_factor"));
    CRIA_ASSIGN_OR_RETURN(scaling.highFreqFactor, settings.number("high_freq_factor"));
    CRIA_ASSIGN_OR_RETURN(scaling.originalContext, originalContext(config, settings, std::nullopt));
  }
  rope.scaling = scaling;
  return {};
}

Status refusePartial(JsonObject &settings) {
  if (!settings.absentOrNull("partial_rotary_factor") && *settings.find("partial_rotary_factor") != 1.0) {
    return error(StatusCode::unsupported,
                 "{}: the model needs 'partial_rotary_factor' = {}, which is not supported", settings.where(),
                 describeJson(*settings.find("partial_rotary_factor")));
  }
  return {};
}

Status refuseRest(JsonObject &settings) {
  settings.find("original_max_position_embeddings");
  for (const auto &[name, value] : settings.value().items()) {
    settings.absentOrNull(name); // a null member has no effect
  }
  const Status rest = settings.finish();
  return rest.ok() ? rest : Status(StatusCode::unsupported, rest.message() + ", which is not supported");
}
} // namespace

StatusOr<RopeConfig> parseRopeConfig(JsonObject &config, int64_t maxPositions) {
  RopeConfig rope{.context = maxPositions};
  CRIA_ASSIGN_OR_RETURN(std::optional<JsonObject> settings, settingsObject(config));
  CRIA_ASSIGN_OR_RETURN(rope.theta, readTheta(config, settings, rope));
  if (settings) {
    CRIA_ASSIGN_OR_RETURN(std::string type, ropeType(*settings));
    CRIA_RETURN_IF_ERROR(readScaling(config, *settings, type, rope));
    CRIA_RETURN_IF_ERROR(refusePartial(*settings));
    const Status rest = refuseRest(*settings);
    if (type != "default") {
      CRIA_RETURN_IF_ERROR(rest);
    } else if (!rest.ok()) { // as in transformers, it has no parameters
      rope.notes.push_back(rest.message() + "; without a RoPE type other than default it has no effect");
    }
  }
  return rope;
}

} // namespace cria::huggingface
