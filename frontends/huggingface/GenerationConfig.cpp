// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "frontends/huggingface/GenerationConfig.h"

#include "frontends/huggingface/HuggingFaceConfig.h"

#include <algorithm>
#include <fmt/ranges.h>

namespace cria::huggingface {

namespace {
/// A setting that is not applied, and the value that changes nothing.
struct Setting {
  const char *name;
  Json value;
};
} // namespace

/// Adds a note for each setting that would change what is generated and is not applied.
static void noteIgnored(JsonObject &object, std::vector<std::string> &notes) {
  const Setting settings[] = {{"repetition_penalty", 1.0},
                              {"min_p", 0.0},
                              {"typical_p", 1.0},
                              {"no_repeat_ngram_size", 0},
                              {"num_beams", 1},
                              {"num_beam_groups", 1},
                              {"penalty_alpha", 0.0},
                              {"epsilon_cutoff", 0.0},
                              {"eta_cutoff", 0.0},
                              {"min_length", 0},
                              {"min_new_tokens", 0},
                              {"suppress_tokens", nullptr},
                              {"bad_words_ids", nullptr},
                              {"guidance_scale", 1.0},
                              {"sequence_bias", nullptr},
                              {"forced_eos_token_id", nullptr}};
  for (const Setting &setting : settings) {
    if (!object.absentOrNull(setting.name) && *object.find(setting.name) != setting.value) {
      notes.push_back(fmt::format("{}: '{}' = {} is not applied", object.where(), setting.name,
                                  describeJson(*object.find(setting.name))));
    }
  }
}

/// The member stop_strings: a text, a list of texts, or null.
static StatusOr<std::vector<std::string>> readStopTexts(JsonObject &object) {
  std::vector<std::string> texts;
  if (object.absentOrNull("stop_strings")) {
    return texts;
  }
  const Json &member = *object.find("stop_strings");
  for (const Json &text : member.is_array() ? member : Json::array({member})) {
    if (!text.is_string() || text.get_ref<const std::string &>().empty()) {
      return object.mismatch("stop_strings", "a text that is not empty or a list of such texts");
    }
    texts.push_back(text.get<std::string>());
  }
  return texts;
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

Status applyGenerationConfig(const Json &json, const std::string &where, ModelConfig &model, ChatConfig &chat,
                             std::vector<std::string> &notes) {
  CRIA_ASSIGN_OR_RETURN(JsonObject object, JsonObject::of(json, where));
  if (!object.absentOrNull("eos_token_id")) {
    const std::vector<int64_t> configured = model.eosIds;
    CRIA_ASSIGN_OR_RETURN(model.eosIds, readIds(object, "eos_token_id", model.vocabSize, notes));
    if (model.eosIds != configured) {
      notes.push_back(fmt::format("{}: 'eos_token_id' = [{}] replaces [{}] of config.json", where,
                                  fmt::join(model.eosIds, ", "), fmt::join(configured, ", ")));
    }
  }
  GenerationDefaults &generation = chat.generation;
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
  CRIA_ASSIGN_OR_RETURN(generation.stopTexts, readStopTexts(object));
  noteIgnored(object, notes);
  return generation.check(where);
}

} // namespace cria::huggingface
