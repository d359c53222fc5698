// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// generation_config.json: what is read, what is left out, and what is named as not applied. The samplers that
// follow from it are compared with transformers in tests/runtime/serve/GoldenGenerationTest.cpp.
#include "frontends/huggingface/GenerationConfig.h"

#include <cmath>
#include <fmt/format.h>
#include <gmock/gmock.h>

using namespace cria;
using namespace cria::huggingface;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

namespace {

struct GenerationRead {
  GenerationDefaults defaults;
  std::string error;
  std::vector<std::string> notes;
};

GenerationRead readAsFile(const Json &json) {
  const ModelConfig model{.vocabSize = 100, .context = 128};
  GenerationRead read;
  StatusOr<GenerationDefaults> defaults = readGenerationDefaults(json, "g.json", model, read.notes);
  if (defaults.ok()) {
    read.defaults = *defaults;
  } else {
    read.error = defaults.status().message();
  }
  return read;
}

TEST(GenerationConfig, ReadsEachDefault) {
  const GenerationRead read = readAsFile({{"do_sample", true},
                                          {"temperature", 0.6},
                                          {"top_k", 40},
                                          {"top_p", 0.9},
                                          {"min_p", 0.1},
                                          {"typical_p", 0.8},
                                          {"repetition_penalty", 1.2},
                                          {"max_new_tokens", 7},
                                          {"min_new_tokens", 3},
                                          {"stop_strings", "###"},
                                          {"_from", "x"}});
  EXPECT_EQ(read.defaults, (GenerationDefaults{.temperature = 0.6,
                                               .topP = 0.9,
                                               .minP = 0.1,
                                               .typicalP = 0.8,
                                               .repetitionPenalty = 1.2,
                                               .topK = 40,
                                               .maxNewTokens = 7,
                                               .minNewTokens = 3,
                                               .doSample = true,
                                               .stopTexts = {"###"}}));
  EXPECT_TRUE(read.notes.empty());
}

TEST(GenerationConfig, ReplacesTheEndsOfAText) {
  ModelConfig model{.vocabSize = 100, .eosIds = {2}};
  std::vector<std::string> notes;
  ASSERT_TRUE(applyEosIds({{"eos_token_id", {100, 2, -1}}}, "g.json", model, notes).ok());
  EXPECT_EQ(model.eosIds, std::vector<int64_t>{2});
  EXPECT_THAT(notes, ElementsAre(HasSubstr("g.json: 100 in 'eos_token_id' is left out"),
                                 HasSubstr("-1 in 'eos_token_id'")));
  notes.clear();
  ASSERT_TRUE(applyEosIds({{"eos_token_id", {2, 7}}}, "g.json", model, notes).ok());
  EXPECT_EQ(model.eosIds, (std::vector<int64_t>{2, 7}));
  EXPECT_THAT(notes, ElementsAre(HasSubstr("'eos_token_id' = [2, 7] replaces [2] of config.json")));
}

// As `generate` compares them.
TEST(GenerationConfig, IdsMayBeWholeNumbersOfOtherTypes) {
  ModelConfig model{.vocabSize = 100};
  std::vector<std::string> notes;
  ASSERT_TRUE(applyEosIds({{"eos_token_id", {7.0, 3}}}, "g.json", model, notes).ok());
  EXPECT_EQ(model.eosIds, (std::vector<int64_t>{7, 3}));
  for (const Json &id : {Json(7.5), Json("7"), Json(NAN), Json(INFINITY), Json(1e300), Json(true)}) {
    EXPECT_THAT(applyEosIds({{"eos_token_id", id}}, "g.json", model, notes).message(),
                HasSubstr("a token id or a list of them"))
        << id;
  }
}

TEST(GenerationConfig, StopTexts) {
  EXPECT_THAT(readAsFile({{"stop_strings", {"a", "b"}}}).defaults.stopTexts, ElementsAre("a", "b"));
  EXPECT_TRUE(readAsFile({{"stop_strings", nullptr}}).defaults.stopTexts.empty());
  EXPECT_THAT(readAsFile({{"stop_strings", {""}}}).error, HasSubstr("expected 'stop_strings' to be a text"));
  EXPECT_THAT(readAsFile({{"stop_strings", 3}}).error, HasSubstr("'stop_strings'"));
}

TEST(GenerationConfig, RefusesWhatNoSamplerAccepts) {
  const auto errorOf = [](const char *name, const Json &value) {
    return readAsFile({{"do_sample", true}, {name, value}}).error;
  };
  EXPECT_THAT(errorOf("temperature", -3),
              HasSubstr("g.json: expected 'temperature' to be from 0 to 100, got -3"));
  EXPECT_THAT(errorOf("top_p", -0.1), HasSubstr("from 0 to 1, got -0.1"));
  EXPECT_THAT(errorOf("top_k", -3), HasSubstr("g.json: expected 'top_k'"));
  EXPECT_THAT(errorOf("min_p", "x"), HasSubstr("expected 'min_p' to be a finite number"));
  EXPECT_THAT(errorOf("repetition_penalty", 0), HasSubstr("from 0.01 to 100, got 0"));
  EXPECT_THAT(errorOf("max_new_tokens", 0), HasSubstr("'max_new_tokens'"));
}

// Without sampling, transformers does not look at them.
TEST(GenerationConfig, LeavesOutBadValuesThatHaveNoEffect) {
  const GenerationRead read = readAsFile({{"top_k", -1}, {"temperature", "0.7"}, {"top_p", 0.5}});
  EXPECT_EQ(read.defaults, (GenerationDefaults{.topP = 0.5}));
  EXPECT_THAT(read.notes,
              ElementsAre(AllOf(HasSubstr("'temperature'"), HasSubstr("it is left out, as 'do_sample'")),
                          HasSubstr("'top_k'")));
  EXPECT_THAT(readAsFile({{"repetition_penalty", -1}}).error, HasSubstr("'repetition_penalty'"));
}

TEST(GenerationConfig, NamesInOneNoteWhatIsNotApplied) {
  const GenerationRead read = readAsFile({{"num_beams", 4},
                                          {"suppress_tokens", {1, 2}},
                                          {"no_repeat_ngram_size", 3},
                                          {"max_length", 20},
                                          {"renormalize_logits", true}});
  EXPECT_THAT(
      read.notes,
      ElementsAre("g.json: not applied: 'num_beams' = 4 (Cria searches no beams), 'suppress_tokens' = "
                  "an array of 2 (use --sampler with logit_bias), 'no_repeat_ngram_size' = 3 (use "
                  "--sampler with dry), 'max_length' = 20 (use --max-tokens)"));
}

TEST(GenerationConfig, NamesEachSettingButNotItsNeutralValue) {
  for (const char *name : {"num_beams",
                           "num_beam_groups",
                           "diversity_penalty",
                           "constraints",
                           "force_words_ids",
                           "num_return_sequences",
                           "max_time",
                           "min_length",
                           "suppress_tokens",
                           "bad_words_ids",
                           "sequence_bias",
                           "begin_suppress_tokens",
                           "no_repeat_ngram_size",
                           "encoder_no_repeat_ngram_size",
                           "encoder_repetition_penalty",
                           "exponential_decay_length_penalty",
                           "forced_bos_token_id",
                           "forced_eos_token_id",
                           "penalty_alpha",
                           "dola_layers",
                           "epsilon_cutoff",
                           "eta_cutoff",
                           "top_h",
                           "guidance_scale",
                           "watermarking_config",
                           "remove_invalid_values",
                           "token_healing",
                           "max_length"}) {
    EXPECT_THAT(readAsFile({{name, 5}}).notes,
                ElementsAre(HasSubstr(fmt::format("not applied: '{}' = 5", name))));
    EXPECT_THAT(readAsFile({{name, nullptr}}).notes, ElementsAre()) << name;
  }
  // Other neutral values are in rows of tests/golden/generation.jsonl. No text is longer than the context.
  EXPECT_THAT(readAsFile({{"max_length", 128}}).notes, ElementsAre());
  EXPECT_THAT(readAsFile({{"max_length", 20}, {"max_new_tokens", 5}}).notes, ElementsAre());
}

TEST(GenerationConfig, NotesOtherIdsOfTheConfiguration) {
  std::vector<std::string> notes;
  noteOtherIds({{"bos_token_id", 1}, {"pad_token_id", 0}}, {{"bos_token_id", 1}, {"pad_token_id", nullptr}},
               "g.json", notes);
  EXPECT_TRUE(notes.empty());
  noteOtherIds({{"bos_token_id", 3}}, {{"bos_token_id", 1}}, "g.json", notes);
  EXPECT_THAT(notes, ElementsAre(AllOf(HasSubstr("'bos_token_id' = 3"), HasSubstr("config.json states 1"))));
}

} // namespace
