// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "format/RopeScaling.h"

#include <cmath>

namespace cria {

namespace {
constexpr int64_t kMaxOriginalContext = INT32_MAX;

Status checkLlama3(const RopeScaling &scaling, std::string_view where) {
  if (!(scaling.lowFreqFactor > 0) || !(scaling.highFreqFactor > scaling.lowFreqFactor)) {
    return invalidArgument(
        "{}: expected 0 < low_freq_factor < high_freq_factor in rope_scaling, got {} and {}", where,
        scaling.lowFreqFactor, scaling.highFreqFactor);
  }
  return {};
}

Status checkYarn(const RopeScaling &scaling, std::string_view where) {
  if (!(scaling.betaSlow > 0) || !(scaling.betaFast >= scaling.betaSlow)) {
    return invalidArgument("{}: expected 0 < beta_slow <= beta_fast in rope_scaling, got {} and {}", where,
                           scaling.betaSlow, scaling.betaFast);
  }
  if (!(scaling.attentionFactor > 0) || !std::isfinite(static_cast<float>(scaling.attentionFactor))) {
    return invalidArgument("{}: expected the attention_factor of rope_scaling to be positive, got {}", where,
                           scaling.attentionFactor);
  }
  return {};
}

Status readLlama3(JsonObject &object, RopeScaling &scaling) {
  CRIA_ASSIGN_OR_RETURN(scaling.lowFreqFactor, object.number("low_freq_factor"));
  CRIA_ASSIGN_OR_RETURN(scaling.highFreqFactor, object.number("high_freq_factor"));
  CRIA_ASSIGN_OR_RETURN(scaling.originalContext, object.integer("original_context", 1, kMaxOriginalContext));
  return {};
}

Status readYarn(JsonObject &object, RopeScaling &scaling) {
  CRIA_ASSIGN_OR_RETURN(scaling.originalContext, object.integer("original_context", 1, kMaxOriginalContext));
  CRIA_ASSIGN_OR_RETURN(scaling.betaFast, object.number("beta_fast"));
  CRIA_ASSIGN_OR_RETURN(scaling.betaSlow, object.number("beta_slow"));
  CRIA_ASSIGN_OR_RETURN(scaling.attentionFactor, object.number("attention_factor"));
  CRIA_ASSIGN_OR_RETURN(scaling.truncate, object.boolean("truncate"));
  return {};
}
} // namespace

Status RopeScaling::check(std::string_view where) const {
  if (!(factor >= 1)) {
    return invalidArgument("{}: expected the factor of rope_scaling to be at least 1, got {}", where, factor);
  }
  if (kind == Kind::linear) {
    return {};
  }
  if (originalContext < 1 || originalContext > kMaxOriginalContext) {
    return invalidArgument("{}: expected the original context of rope_scaling to be from 1 to {}, got {}",
                           where, kMaxOriginalContext, originalContext);
  }
  return kind == Kind::llama3 ? checkLlama3(*this, where) : checkYarn(*this, where);
}

nlohmann::ordered_json RopeScaling::toJson() const {
  switch (kind) {
  case Kind::linear:
    return {{"type", "linear"}, {"factor", factor}};
  case Kind::llama3:
    return {{"type", "llama3"},
            {"factor", factor},
            {"low_freq_factor", lowFreqFactor},
            {"high_freq_factor", highFreqFactor},
            {"original_context", originalContext}};
  case Kind::yarn:
    break;
  }
  return {{"type", "yarn"},        {"factor", factor},      {"original_context", originalContext},
          {"beta_fast", betaFast}, {"beta_slow", betaSlow}, {"attention_factor", attentionFactor},
          {"truncate", truncate}};
}

StatusOr<RopeScaling> RopeScaling::fromJson(JsonObject object) {
  RopeScaling scaling;
  CRIA_ASSIGN_OR_RETURN(std::string type, object.string("type"));
  if (type != "linear" && type != "llama3" && type != "yarn") {
    return error(StatusCode::unsupported, "{}: expected type linear, llama3 or yarn, got '{}'",
                 object.where(), printable(type));
  }
  CRIA_ASSIGN_OR_RETURN(scaling.factor, object.number("factor"));
  if (type == "llama3") {
    scaling.kind = Kind::llama3;
    CRIA_RETURN_IF_ERROR(readLlama3(object, scaling));
  } else if (type == "yarn") {
    scaling.kind = Kind::yarn;
    CRIA_RETURN_IF_ERROR(readYarn(object, scaling));
  }
  CRIA_RETURN_IF_ERROR(object.finish());
  return scaling;
}

} // namespace cria
