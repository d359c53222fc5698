// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "frontends/huggingface/GenerationConfig.h"

#include "frontends/huggingface/HuggingFaceConfig.h"

#include <fmt/ranges.h>

namespace cria::huggingface {

namespace {
/// A setting that is not applied, the value that changes nothing, and what to know or to do instead.
struct Setting {
  const char *name;
  Json neutral;
  const char *instead;
};
} // namespace

/// What `generate` of transformers 5.24 applies to the logits, or bounds a text with, and Cria does not.
static std::vector<Setting> unappliedSettings() {
  constexpr const char *kNone = "Cria has no such sampler", *kBeams = "Cria searches no beams",
                       *kTokens = "use --sampler with logit_bias", *kBlock = "use --sampler with dry";
  return {{"num_beams", 1, kBeams},
          {"num_beam_groups", 1, kBeams},
          {"diversity_penalty", 0.0, kBeams},
          {"constraints", nullptr, kBeams},
          {"force_words_ids", nullptr, kBeams},
          {"num_return_sequences", 1, "Cria returns one text"},
          {"max_time", nullptr, "Cria limits tokens alone"},
          {"min_length", 0, "use --min-tokens"},
          {"suppress_tokens", nullptr, kTokens},
          {"bad_words_ids", nullptr, kTokens},
          {"sequence_bias", nullptr, kTokens},
          {"begin_suppress_tokens", nullptr, kNone},
          {"no_repeat_ngram_size", 0, kBlock},
          {"encoder_no_repeat_ngram_size", 0, kBlock},
          {"encoder_repetition_penalty", 1.0, kNone},
          {"exponential_decay_length_penalty", nullptr, kNone},
          {"forced_bos_token_id", nullptr, kNone},
          {"forced_eos_token_id", nullptr, kNone},
          {"penalty_alpha", 0.0, kNone},
          {"dola_layers", nullptr, kNone},
          {"epsilon_cutoff", 0.0, "use --min-p"},
          {"eta_cutoff", 0.0, "use --typical-p"},
          {"top_h", nullptr, "use --min-p"},
          {"guidance_scale", 1.0, kNone},
          {"watermarking_config", nullptr, kNone},
          {"remove_invalid_values", false, "logits that are not finite end a text with an error"},
          {"token_healing", false, kNone}};
}

static bool isNeutral(const Json &value, const Json &neutral) {
  return value == neutral || (value.is_structured() && value.empty());
}

/// Adds one note with all settings that would change what is generated and are not applied.
static void noteUnapplied(JsonObject &object, const ModelConfig &model, std::vector<std::string> &notes) {
  std::vector<std::string> unapplied;
  const auto add = [&](const char *name, const char *instead) {
    unapplied.push_back(fmt::format("'{}' = {} ({})", name, describeJson(*object.find(name)), instead));
  };
  for (const Setting &setting : unappliedSettings()) {
    if (!object.absentOrNull(setting.name) && !isNeutral(*object.find(setting.name), setting.neutral)) {
      add(setting.name, setting.instead);
    }
  }
  // max_new_tokens replaces it, and no text is longer than the context.
  if (!object.absentOrNull("max_length") && object.absentOrNull("max_new_tokens") &&
      *object.find("max_length") < model.context) {
    add("max_length", "use --max-tokens");
  }
  if (!unapplied.empty()) {
    notes.push_back(fmt::format("{}: not applied: {}", object.where(), fmt::join(unapplied, ", ")));
  }
}

/// Returns whether `generate` skips a setting with this value.
static bool isOff(std::string_view name, const Json &value) {
  const bool isShare = name == "top_p" || name == "typical_p";
  return value.is_number() && ((isShare && value >= 1) || (name == "min_new_tokens" && value <= 0));
}

/// Reads what is applied. A value that no sampler accepts is left out, with a note, where it would have an
/// effect only with sampling, and the checkpoint does not sample.
static Status readDefaults(JsonObject &object, GenerationDefaults &defaults,
                           std::vector<std::string> &notes) {
  CRIA_RETURN_IF_ERROR(defaults.readMember(object, "do_sample"));
  for (const std::string_view name : GenerationDefaults::names()) {
    const Json *value = object.find(name);
    const Status status = value && isOff(name, *value) ? Status() : defaults.readMember(object, name);
    if (!status.ok() && (defaults.doSample.value_or(false) || !GenerationDefaults::isOfSampling(name))) {
      return status;
    }
    if (!status.ok()) {
      notes.push_back(status.message() + "; it is left out, as 'do_sample' is not true");
    }
  }
  return {};
}

void noteOtherIds(const Json &generation, const Json &config, const std::string &where,
                  std::vector<std::string> &notes) {
  for (const char *name : {"bos_token_id", "pad_token_id"}) {
    const bool areBoth = generation.is_object() && !generation.value(name, Json()).is_null() &&
                         config.is_object() && !config.value(name, Json()).is_null();
    if (areBoth && generation[name] != config[name]) {
      notes.push_back(fmt::format("{}: '{}' = {} is not read; config.json states {}", where, name,
                                  describeJson(generation[name]), describeJson(config[name])));
    }
  }
}

Status applyEosIds(const Json &json, const std::string &where, ModelConfig &model,
                   std::vector<std::string> &notes) {
  CRIA_ASSIGN_OR_RETURN(JsonObject object, JsonObject::of(json, where));
  if (object.absentOrNull("eos_token_id")) {
    return {};
  }
  const std::vector<int64_t> configured = model.eosIds;
  CRIA_ASSIGN_OR_RETURN(model.eosIds, readIds(object, "eos_token_id", model.vocabSize, notes));
  if (model.eosIds != configured) {
    notes.push_back(fmt::format("{}: 'eos_token_id' = [{}] replaces [{}] of config.json", where,
                                fmt::join(model.eosIds, ", "), fmt::join(configured, ", ")));
  }
  return {};
}

StatusOr<GenerationDefaults> readGenerationDefaults(const Json &json, const std::string &where,
                                                    const ModelConfig &model,
                                                    std::vector<std::string> &notes) {
  CRIA_ASSIGN_OR_RETURN(JsonObject object, JsonObject::of(json, where));
  GenerationDefaults defaults;
  CRIA_RETURN_IF_ERROR(readDefaults(object, defaults, notes));
  noteUnapplied(object, model, notes);
  return defaults;
}

} // namespace cria::huggingface
