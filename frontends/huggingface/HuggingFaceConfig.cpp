// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads the sizes in config.json and refuses what the graph cannot express.
#include "frontends/huggingface/HuggingFaceConfig.h"

#include "frontends/huggingface/RopeConfig.h"

#include <cmath>

namespace cria::huggingface {

static constexpr int64_t kMaxSize = INT32_MAX;

/// As in Python, 2.0 is the number 2.
static Json asInteger(const Json &value) {
  const double number = value.is_number_float() ? value.get<double>() : 0.5;
  const bool isWhole = std::abs(number) <= double(kMaxSize) && std::trunc(number) == number;
  return isWhole ? Json(static_cast<int64_t>(number)) : value;
}

StatusOr<std::vector<int64_t>> readIds(JsonObject &object, std::string_view name, int64_t vocabSize,
                                       std::vector<std::string> &notes) {
  if (object.absentOrNull(name)) {
    return std::vector<int64_t>();
  }
  const Json *member = object.find(name);
  Json list = member->is_array() ? *member : Json::array({*member});
  std::vector<int64_t> ids;
  for (Json &id : list) {
    id = asInteger(id);
    if (!id.is_number_integer()) {
      return object.mismatch(name, "a token id or a list of them");
    }
    const bool isUnsigned = id.is_number_unsigned() && id.get<uint64_t>() > INT64_MAX;
    if (isUnsigned || id.get<int64_t>() < 0 || id.get<int64_t>() >= (vocabSize < 0 ? kMaxSize : vocabSize)) {
      notes.push_back(
          fmt::format("{}: {} in '{}' is left out: no token has this id", object.where(), id.dump(), name));
    } else {
      ids.push_back(id.get<int64_t>());
    }
  }
  return ids;
}

namespace {

/// A member that changes what the model computes, and the value that leaves a LLaMA model unchanged.
struct Neutral {
  const char *name;
  Json value;
};

/// Whether Python takes a value for false.
bool isEmpty(const Json &value) {
  return value == false || value == 0 || value == "" || (value.is_structured() && value.empty());
}

bool leavesUnchanged(const Neutral &feature, const Json &value) {
  return value == feature.value || (feature.value.is_null() && isEmpty(value));
}

/// Refuses layers that do not attend to all earlier positions.
Status refuseLayerTypes(JsonObject &object) {
  if (object.absentOrNull("layer_types")) {
    return {};
  }
  CRIA_ASSIGN_OR_RETURN(const Json *types, object.array("layer_types"));
  for (const Json &type : *types) {
    if (type != "full_attention") {
      return error(StatusCode::unsupported, "{}: expected 'layer_types' to be all \"full_attention\", got {}",
                   object.where(), describeJson(type));
    }
  }
  return {};
}

Status refuseFeatures(JsonObject &object) {
  const Neutral features[] = {
      {"attention_bias", false},
      {"mlp_bias", false},
      {"quantization_config", nullptr},
      {"partial_rotary_factor", 1.0},
      {"num_local_experts", nullptr},
      {"num_experts", nullptr},
      {"attn_logit_softcapping", nullptr},
      {"final_logit_softcapping", nullptr},
      {"embedding_multiplier", 1.0},
      {"attention_multiplier", nullptr},
      {"residual_multiplier", 1.0},
      {"logits_scaling", 1.0},
      {"use_qk_norm", false},
      {"qk_layernorm", false},
      {"no_rope_layers", nullptr},
      {"adapter_layers", nullptr},
      {"is_encoder_decoder", false},
      {"clip_qkv", nullptr},
      {"rotary_pct", 1.0},
      {"rope_interleaved", false},
      {"logit_scale", 1.0},
      {"scale_emb", 1},
      {"alibi", false},
  };
  for (const Neutral &feature : features) {
    if (!object.absentOrNull(feature.name) && !leavesUnchanged(feature, *object.find(feature.name))) {
      return error(StatusCode::unsupported, "{}: the model needs '{}' = {}, which is not supported",
                   object.where(), feature.name, describeJson(*object.find(feature.name)));
    }
  }
  return refuseLayerTypes(object);
}

/// Returns whether a name in 'architectures' is that of a model which ends in something else than logits,
/// such as LlamaForSequenceClassification.
bool hasOtherHead(const Json &name) {
  const std::string text = name.is_string() ? name.get<std::string>() : "";
  return text.find("For") != text.npos && !text.ends_with("ForCausalLM");
}

/// Checks the names of classes, which count where there is no model_type. As in transformers, they are not
/// read elsewhere, except that Cria has no model with another head.
Status checkClasses(JsonObject &object, bool hasType, std::vector<std::string> &notes) {
  const Json &member = *object.find("architectures");
  const Json names = member.is_array() ? member : Json::array({member});
  if (std::ranges::find(names, "LlamaForCausalLM") != names.end() || (hasType && names.empty())) {
    return {};
  }
  if (!hasType || std::ranges::any_of(names, hasOtherHead)) {
    return error(StatusCode::unsupported, "{}: expected 'architectures' to name LlamaForCausalLM, got {}",
                 object.where(), printable(member.dump()));
  }
  notes.push_back(
      fmt::format("{}: 'architectures' {} is not read, as in transformers: 'model_type' is \"llama\"",
                  object.where(), printable(member.dump())));
  return {};
}

/// Checks that model_type, or where it is absent architectures, names a LLaMA model.
Status checkArchitecture(JsonObject &object, std::vector<std::string> &notes) {
  bool hasType = !object.absentOrNull("model_type"), hasNames = !object.absentOrNull("architectures");
  if (!hasType && !hasNames) {
    return invalidArgument(
        "{}: expected 'model_type' \"llama\" or 'architectures' [\"LlamaForCausalLM\"], found neither; is it "
        "the configuration of a language model?",
        object.where());
  }
  if (hasType && *object.find("model_type") != "llama") {
    return error(StatusCode::unsupported, "{}: expected 'model_type' to be \"llama\", got {}", object.where(),
                 describeJson(*object.find("model_type")));
  }
  return hasNames ? checkClasses(object, hasType, notes) : Status();
}

/// Notes members that other models have and that LLaMA of transformers does not read.
void noteUnread(JsonObject &object, std::vector<std::string> &notes) {
  if (!object.absentOrNull("sliding_window") && *object.find("sliding_window") != 0) {
    notes.push_back(fmt::format("{}: 'sliding_window' = {} is not applied, as in transformers; all positions "
                                "are attended to",
                                object.where(), describeJson(*object.find("sliding_window"))));
  }
}

/// Reads a number, or notes that the default of transformers is used.
StatusOr<double> numberOr(JsonObject &object, const char *name, double absent,
                          std::vector<std::string> &notes) {
  if (!object.absentOrNull(name)) {
    return object.number(name);
  }
  notes.push_back(fmt::format("{}: no '{}'; using the default {}", object.where(), name, absent));
  return absent;
}

Status checkActivation(JsonObject &object) {
  if (object.absentOrNull("hidden_act")) {
    return {}; // the default is silu
  }
  CRIA_ASSIGN_OR_RETURN(std::string activation, object.string("hidden_act"));
  if (activation != "silu" && activation != "swish") {
    return error(StatusCode::unsupported, "{}: expected 'hidden_act' to be \"silu\", got \"{}\"",
                 object.where(), printable(activation));
  }
  return {};
}

StatusOr<int64_t> integerOr(JsonObject &object, std::string_view name, int64_t max, int64_t absent) {
  if (object.absentOrNull(name)) {
    return absent;
  }
  return object.integer(name, 1, max);
}

Status readSizes(JsonObject &object, ModelConfig &model, std::vector<std::string> &notes) {
  CRIA_ASSIGN_OR_RETURN(model.dim, object.integer("hidden_size", 1, kMaxSize));
  CRIA_ASSIGN_OR_RETURN(model.layers, object.integer("num_hidden_layers", 1, ModelConfig::kMaxLayers));
  CRIA_ASSIGN_OR_RETURN(model.heads, object.integer("num_attention_heads", 1, kMaxSize));
  CRIA_ASSIGN_OR_RETURN(model.kvHeads, integerOr(object, "num_key_value_heads", kMaxSize, model.heads));
  CRIA_ASSIGN_OR_RETURN(model.headDim, integerOr(object, "head_dim", ModelConfig::kMaxHeadDim, 0));
  if (model.headDim == 0) {
    if (model.dim % model.heads != 0) {
      return invalidArgument(
          "{}: expected 'hidden_size' to be a multiple of 'num_attention_heads' (there is no "
          "'head_dim'), got {} and {}",
          object.where(), model.dim, model.heads);
    }
    model.headDim = model.dim / model.heads;
    if (model.headDim > ModelConfig::kMaxHeadDim) {
      return invalidArgument("{}: expected 'hidden_size' / 'num_attention_heads' to be at most {}, got {}",
                             object.where(), ModelConfig::kMaxHeadDim, model.headDim);
    }
  }
  CRIA_ASSIGN_OR_RETURN(model.ffnDim, object.integer("intermediate_size", 1, kMaxSize));
  CRIA_ASSIGN_OR_RETURN(model.vocabSize, object.integer("vocab_size", -1, kMaxSize));
  if (model.vocabSize == 0) {
    return object.mismatch("vocab_size", "at least 1, or -1 (as many as the embedding has rows)");
  }
  constexpr double kDefaultEpsilon = 1e-6; // and 2048 positions: the defaults of transformers
  constexpr int64_t kDefaultPositions = 2048;
  if (object.absentOrNull("max_position_embeddings")) {
    notes.push_back(fmt::format("{}: no 'max_position_embeddings'; using the default {}", object.where(),
                                kDefaultPositions));
  }
  CRIA_ASSIGN_OR_RETURN(model.context,
                        integerOr(object, "max_position_embeddings", kMaxSize, kDefaultPositions));
  CRIA_ASSIGN_OR_RETURN(model.normEpsilon, numberOr(object, "rms_norm_eps", kDefaultEpsilon, notes));
  return {};
}

/// Reads the ids of BOS and EOS. Absent ids keep the defaults of ModelConfig, which are those of
/// transformers.
Status readTokenIds(JsonObject &object, ModelConfig &model, std::vector<std::string> &notes) {
  if (object.has("bos_token_id")) {
    CRIA_ASSIGN_OR_RETURN(std::vector<int64_t> bos, readIds(object, "bos_token_id", model.vocabSize, notes));
    if (bos.size() > 1) {
      return object.mismatch("bos_token_id", "one token id");
    }
    model.bosId = bos.empty() ? -1 : bos[0];
  }
  if (object.has("eos_token_id")) {
    CRIA_ASSIGN_OR_RETURN(model.eosIds, readIds(object, "eos_token_id", model.vocabSize, notes));
  }
  return {};
}
} // namespace

StatusOr<ParsedConfig> parseConfig(const Json &json, const std::string &where) {
  CRIA_ASSIGN_OR_RETURN(JsonObject object, JsonObject::of(json, where));
  ParsedConfig parsed;
  CRIA_RETURN_IF_ERROR(checkArchitecture(object, parsed.notes));
  CRIA_RETURN_IF_ERROR(refuseFeatures(object));
  CRIA_RETURN_IF_ERROR(checkActivation(object));
  CRIA_RETURN_IF_ERROR(readSizes(object, parsed.model, parsed.notes));
  noteUnread(object, parsed.notes);
  CRIA_RETURN_IF_ERROR(readTokenIds(object, parsed.model, parsed.notes));
  if (!object.absentOrNull("tie_word_embeddings")) {
    CRIA_ASSIGN_OR_RETURN(parsed.model.tiedEmbeddings, object.boolean("tie_word_embeddings"));
  }
  CRIA_ASSIGN_OR_RETURN(RopeConfig rope, parseRopeConfig(object, parsed.model.context));
  parsed.model.ropeTheta = rope.theta;
  parsed.model.ropeScaling = rope.scaling;
  parsed.model.context = rope.context;
  if (rope.isDynamic) {
    parsed.contextLimitReason = fmt::format(
        "{}: RoPE scaling 'dynamic' is supported up to its original context of {}", where, rope.context);
  }
  std::ranges::move(rope.notes, std::back_inserter(parsed.notes));
  return parsed;
}

} // namespace cria::huggingface
