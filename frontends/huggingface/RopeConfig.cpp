// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RoPE settings. What transformers 5.24 does not read of the scaling object is noted.
#include "frontends/huggingface/RopeConfig.h"

#include <algorithm>
#include <cmath>

namespace cria::huggingface {

namespace {
/// The default of transformers for configurations of the older form, such as the first ones of LLaMA 2.
constexpr double kDefaultTheta = 10000;

/// As in transformers, an empty object or list, and false, is none.
bool hasSettings(JsonObject &config, std::string_view name) {
  const Json *settings = config.absentOrNull(name) ? nullptr : config.find(name);
  return settings != nullptr && *settings != false && (!settings->is_structured() || !settings->empty());
}

/// Notes that of two members with different values the first counts.
void noteReplaced(const std::string &where, const char *first, const Json &value, const char *second,
                  const Json &other, RopeConfig &rope) {
  if (value != other) {
    rope.notes.push_back(fmt::format("{}: '{}' {} replaces {} {}, as in transformers", where, first,
                                     describeJson(value), second, describeJson(other)));
  }
}

/// Returns rope_scaling, or rope_parameters without it, or none when both are absent, null or empty.
StatusOr<std::optional<JsonObject>> settingsObject(JsonObject &config, RopeConfig &rope) {
  const bool older = hasSettings(config, "rope_scaling"), newer = hasSettings(config, "rope_parameters");
  if (!older && !newer) {
    return std::optional<JsonObject>();
  }
  if (older && newer) {
    noteReplaced(config.where(), "rope_scaling", *config.find("rope_scaling"), "'rope_parameters'",
                 *config.find("rope_parameters"), rope);
  }
  CRIA_ASSIGN_OR_RETURN(JsonObject settings, config.object(older ? "rope_scaling" : "rope_parameters"));
  return std::optional(std::move(settings));
}

StatusOr<std::string> ropeType(JsonObject &settings, RopeConfig &rope) {
  const bool older = !settings.absentOrNull("type"), newer = !settings.absentOrNull("rope_type");
  if (older && newer) {
    noteReplaced(settings.where(), "rope_type", *settings.find("rope_type"), "'type'", *settings.find("type"),
                 rope);
  }
  if (!older && !newer) {
    return std::string("default");
  }
  return settings.string(newer ? "rope_type" : "type");
}

/// Reads rope_theta from the settings object or, where it is not there, from the top level.
StatusOr<double> readTheta(JsonObject &config, std::optional<JsonObject> &settings, RopeConfig &rope) {
  const bool inside = settings && !settings->absentOrNull("rope_theta"),
             outside = !config.absentOrNull("rope_theta");
  if (inside && outside) {
    noteReplaced(settings->where(), "rope_theta", *settings->find("rope_theta"), "that of the top level,",
                 *config.find("rope_theta"), rope);
  }
  if (inside || outside) {
    return (inside ? *settings : config).number("rope_theta");
  }
  rope.notes.push_back(
      fmt::format("{}: no 'rope_theta'; using the default {}", config.where(), kDefaultTheta));
  return kDefaultTheta;
}

/// As in transformers, the value at the top level replaces that of the settings, and `absent` stands for
/// none.
StatusOr<int64_t> originalContext(JsonObject &config, JsonObject &settings, int64_t absent,
                                  std::vector<std::string> &notes) {
  constexpr const char *kName = "original_max_position_embeddings";
  const bool inside = !settings.absentOrNull(kName), outside = !config.absentOrNull(kName);
  if (inside && outside && *settings.find(kName) != *config.find(kName)) {
    notes.push_back(fmt::format("{}: '{}' {} replaces {} of the RoPE settings, as in transformers",
                                config.where(), kName, describeJson(*config.find(kName)),
                                describeJson(*settings.find(kName))));
  }
  if (outside) {
    return config.integer(kName, 1, INT32_MAX);
  }
  return inside ? settings.integer(kName, 1, INT32_MAX) : absent;
}

Status readLlama3(JsonObject &settings, RopeScaling &scaling) {
  scaling.kind = RopeScaling::Kind::llama3;
  CRIA_ASSIGN_OR_RETURN(scaling.lowFreqFactor, settings.number("low_freq_factor"));
  CRIA_ASSIGN_OR_RETURN(scaling.highFreqFactor, settings.number("high_freq_factor"));
  return {};
}

/// Reads a number. As in transformers, an absent one, null and 0 stand for `absent`.
StatusOr<double> numberOr(JsonObject &settings, const char *name, double absent) {
  if (settings.absentOrNull(name)) {
    return absent;
  }
  CRIA_ASSIGN_OR_RETURN(const double value, settings.number(name));
  return value == 0 ? absent : value;
}

double magnitudeOf(double factor, double mscale) {
  return factor <= 1 ? 1 : 0.1 * mscale * std::log(factor) + 1;
}

/// What multiplies the cosines and sines, for the factor of `scaling`.
StatusOr<double> attentionFactor(JsonObject &settings, double factor) {
  CRIA_ASSIGN_OR_RETURN(const double mscale, numberOr(settings, "mscale", 0));
  CRIA_ASSIGN_OR_RETURN(const double mscaleAllDim, numberOr(settings, "mscale_all_dim", 0));
  if (!settings.absentOrNull("attention_factor")) {
    return settings.number("attention_factor");
  }
  return mscale != 0 && mscaleAllDim != 0 ? magnitudeOf(factor, mscale) / magnitudeOf(factor, mscaleAllDim)
                                          : magnitudeOf(factor, 1);
}

Status readYarn(JsonObject &settings, RopeScaling &scaling) {
  scaling.kind = RopeScaling::Kind::yarn;
  CRIA_ASSIGN_OR_RETURN(scaling.betaFast, numberOr(settings, "beta_fast", 32));
  CRIA_ASSIGN_OR_RETURN(scaling.betaSlow, numberOr(settings, "beta_slow", 1));
  CRIA_ASSIGN_OR_RETURN(scaling.attentionFactor, attentionFactor(settings, scaling.factor));
  if (const Json *truncate = settings.find("truncate"); truncate && truncate->is_null()) {
    scaling.truncate = false;
  } else if (truncate) {
    CRIA_ASSIGN_OR_RETURN(scaling.truncate, settings.boolean("truncate"));
  }
  settings.find("finetuned"); // of the first models with YaRN; transformers does not read it
  return {};
}

Status checkType(JsonObject &settings, const std::string &type) {
  if (type == "linear" || type == "llama3" || type == "yarn" || type == "dynamic") {
    return {};
  }
  return error(StatusCode::unsupported,
               "{}: RoPE type '{}' is not supported; expected default, linear, dynamic, llama3 or yarn; "
               "compile a variant of the model with one of these, such as the one it was made from",
               settings.where(), printable(type));
}

/// The factor. As in transformers, null stands for the ratio of the contexts where the type is yarn.
StatusOr<double> readFactor(JsonObject &settings, const std::string &type, const RopeConfig &rope,
                            int64_t original) {
  if (type == "yarn" && settings.has("factor") && settings.absentOrNull("factor")) {
    return double(rope.context) / double(original);
  }
  return settings.number("factor");
}

Status readScaling(JsonObject &config, JsonObject &settings, const std::string &type, RopeConfig &rope) {
  if (type == "default") {
    return {};
  }
  CRIA_RETURN_IF_ERROR(checkType(settings, type));
  RopeScaling scaling;
  int64_t original = rope.context;
  if (type != "linear") {
    CRIA_ASSIGN_OR_RETURN(original, originalContext(config, settings, rope.context, rope.notes));
  }
  CRIA_ASSIGN_OR_RETURN(scaling.factor, readFactor(settings, type, rope, original));
  if (type == "dynamic") {
    rope.context = std::min(rope.context, original);
    rope.isDynamic = true;
    return {};
  }
  if (type != "linear") {
    scaling.originalContext = original;
    CRIA_RETURN_IF_ERROR(type == "yarn" ? readYarn(settings, scaling) : readLlama3(settings, scaling));
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

/// Notes members that the type does not have. As in transformers, they have no effect.
void noteRest(JsonObject &settings, const std::string &type, RopeConfig &rope) {
  settings.find("original_max_position_embeddings");
  for (const std::string &name : settings.unread()) {
    if (!settings.absentOrNull(name)) {
      rope.notes.push_back(fmt::format("{}: '{}' has no effect with the RoPE type '{}', as in transformers",
                                       settings.where(), printable(name), type));
    }
  }
}
} // namespace

StatusOr<RopeConfig> parseRopeConfig(JsonObject &config, int64_t maxPositions) {
  RopeConfig rope{.context = maxPositions};
  CRIA_ASSIGN_OR_RETURN(std::optional<JsonObject> settings, settingsObject(config, rope));
  CRIA_ASSIGN_OR_RETURN(rope.theta, readTheta(config, settings, rope));
  if (settings) {
    CRIA_ASSIGN_OR_RETURN(std::string type, ropeType(*settings, rope));
    CRIA_RETURN_IF_ERROR(readScaling(config, *settings, type, rope));
    CRIA_RETURN_IF_ERROR(refusePartial(*settings));
    noteRest(*settings, type, rope);
  }
  return rope;
}

} // namespace cria::huggingface
