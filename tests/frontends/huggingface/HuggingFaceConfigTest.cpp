// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// config.json in its old and new forms, and the message for each feature that is refused.
#include "frontends/huggingface/HuggingFaceConfig.h"

#include "tests/frontends/huggingface/SmallCheckpoint.h"
#include "tests/runtime/text/GoldenFiles.h"

#include <cmath>
#include <fmt/format.h>
#include <gmock/gmock.h>

using namespace cria;
using namespace cria::huggingface;
using namespace cria::tests;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

namespace {

/// The small configuration with members replaced; a member set to "ABSENT" is left out.
StatusOr<ParsedConfig> parseWith(const Json &changes) {
  Json config = smallConfigJson();
  for (const auto &[name, value] : changes.items()) {
    config[name] = value;
    if (value == "ABSENT") {
      config.erase(name);
    }
  }
  return parseConfig(config, "config.json");
}

ModelConfig modelWith(const Json &changes) {
  auto parsed = parseWith(changes);
  EXPECT_TRUE(parsed.ok()) << parsed.status().message();
  return parsed.ok() ? parsed->model : ModelConfig();
}

std::string errorWith(const Json &changes) {
  auto parsed = parseWith(changes);
  EXPECT_FALSE(parsed.ok()) << changes;
  EXPECT_THAT(parsed.status().message(), HasSubstr("config.json: "));
  return parsed.status().message();
}

TEST(HuggingFaceConfig, Sizes) {
  ModelConfig model = modelWith({});
  EXPECT_EQ(model.dim, 32);
  EXPECT_EQ(model.kvHeads, 2);
  EXPECT_EQ(model.headDim, 8);
  EXPECT_EQ(model.context, 128);
  EXPECT_EQ(model.eosIds, std::vector<int64_t>{2});
  EXPECT_FALSE(model.tiedEmbeddings);
  EXPECT_FALSE(model.ropeScaling);
}

TEST(HuggingFaceConfig, Variants) {
  EXPECT_EQ(modelWith({{"num_key_value_heads", "ABSENT"}}).kvHeads, 4);
  EXPECT_EQ(modelWith({{"num_key_value_heads", nullptr}}).kvHeads, 4);
  EXPECT_EQ(modelWith({{"head_dim", 16}}).headDim, 16);
  EXPECT_EQ(modelWith({{"head_dim", nullptr}}).headDim, 8);
  EXPECT_EQ(modelWith({{"vocab_size", -1}}).vocabSize, -1);
  EXPECT_EQ(modelWith({{"rms_norm_eps", 1e-6}}).normEpsilon, 1e-6);
  EXPECT_EQ(modelWith({{"eos_token_id", {2, 5}}}).eosIds, (std::vector<int64_t>{2, 5}));
  EXPECT_TRUE(modelWith({{"eos_token_id", nullptr}}).eosIds.empty());
  EXPECT_EQ(modelWith({{"bos_token_id", nullptr}}).bosId, -1);
  EXPECT_TRUE(modelWith({{"tie_word_embeddings", true}}).tiedEmbeddings);
  EXPECT_TRUE(parseWith({{"pretraining_tp", 2}, {"use_cache", true}, {"torch_dtype", "float16"}}).ok());
  EXPECT_TRUE(parseWith({{"architectures", "ABSENT"}}).ok());
  EXPECT_TRUE(parseWith({{"model_type", "ABSENT"}}).ok());
}

TEST(HuggingFaceConfig, ThetaOldAndNew) {
  EXPECT_EQ(modelWith({{"rope_theta", 1e6}}).ropeTheta, 1e6);
  Json newer = {{"rope_theta", "ABSENT"},
                {"rope_scaling", "ABSENT"},
                {"rope_parameters", {{"rope_type", "default"}, {"rope_theta", 50000.0}}}};
  EXPECT_EQ(modelWith(newer).ropeTheta, 50000);
  newer["rope_parameters"].erase("rope_type"); // which then is "default"
  EXPECT_EQ(modelWith(newer).ropeTheta, 50000);
  newer["rope_theta"] = 50000.0;
  EXPECT_EQ(modelWith(newer).ropeTheta, 50000);
  newer["rope_theta"] = 10000.0;
  EXPECT_EQ(modelWith(newer).ropeTheta, 50000);
  EXPECT_THAT(parseWith(newer)->notes,
              ElementsAre(HasSubstr("'rope_theta' 50000.0 replaces that of the top level, 10000.0")));
}

TEST(HuggingFaceConfig, ThetaIsNeverTakenSilently) {
  auto parsed = parseWith({{"rope_theta", "ABSENT"}});
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->model.ropeTheta, 10000);
  ASSERT_EQ(parsed->notes.size(), 1u);
  EXPECT_THAT(parsed->notes[0], HasSubstr("no 'rope_theta'; using the default 10000"));
  parsed = parseWith({{"rope_theta", "ABSENT"}, {"rope_parameters", {{"rope_type", "default"}}}});
  ASSERT_TRUE(parsed.ok());
  EXPECT_THAT(parsed->notes, ElementsAre(HasSubstr("no 'rope_theta'; using the default 10000")));
}

TEST(HuggingFaceConfig, LinearScaling) {
  for (const char *key : {"type", "rope_type"}) {
    ModelConfig model = modelWith({{"rope_scaling", {{key, "linear"}, {"factor", 4.0}}}});
    ASSERT_TRUE(model.ropeScaling);
    EXPECT_EQ(*model.ropeScaling, (RopeScaling{.factor = 4}));
  }
}

TEST(HuggingFaceConfig, NotesWhichOfTwoRopeSettingsCounts) {
  const auto both =
      parseWith({{"rope_scaling", {{"type", "linear"}, {"rope_type", "default"}, {"factor", 2.0}}},
                 {"rope_parameters", {{"type", "linear"}, {"factor", 4.0}}}});
  ASSERT_TRUE(both.ok()) << both.status().message();
  EXPECT_FALSE(both->model.ropeScaling);
  EXPECT_THAT(both->notes,
              Contains(HasSubstr("'rope_scaling' an object replaces 'rope_parameters' an object")));
  EXPECT_THAT(both->notes, Contains(HasSubstr("'rope_type' \"default\" replaces 'type' \"linear\"")));
}

TEST(HuggingFaceConfig, NamesNumbersThatAreNotFinite) {
  for (const char *value : {"NaN", "Infinity", "-Infinity"}) {
    const auto number = parsePythonJson(value, "config.json");
    ASSERT_TRUE(number.ok()) << number.status().message();
    for (const char *name : {"rope_theta", "rms_norm_eps"}) {
      EXPECT_THAT(errorWith({{name, *number}}),
                  HasSubstr(fmt::format("expected '{}' to be a finite number, got {}", name, value)));
    }
    EXPECT_THAT(errorWith({{"hidden_size", *number}}),
                HasSubstr(fmt::format("'hidden_size' to be an integer")));
    EXPECT_THAT(errorWith({{"rope_scaling", {{"type", "linear"}, {"factor", *number}}}}),
                HasSubstr(fmt::format("'factor' to be a finite number, got {}", value)));
    EXPECT_TRUE(parseWith({{"initializer_range", *number}}).ok());
  }
}

TEST(HuggingFaceConfig, Llama3Scaling) {
  Json settings = {{"rope_type", "llama3"},
                   {"factor", 8.0},
                   {"low_freq_factor", 1.0},
                   {"high_freq_factor", 4.0},
                   {"original_max_position_embeddings", 64}};
  RopeScaling expected{.kind = RopeScaling::Kind::llama3,
                       .factor = 8,
                       .lowFreqFactor = 1,
                       .highFreqFactor = 4,
                       .originalContext = 64};
  EXPECT_EQ(modelWith({{"rope_scaling", settings}}).ropeScaling, expected);
  settings["rope_theta"] = 10000.0;
  EXPECT_EQ(modelWith({{"rope_parameters", settings}, {"rope_scaling", "ABSENT"}}).ropeScaling, expected);
  settings.erase("original_max_position_embeddings"); // as in transformers, the positions of the model
  EXPECT_EQ(modelWith({{"rope_scaling", settings}}).ropeScaling->originalContext, 128);
  settings.erase("low_freq_factor");
  EXPECT_THAT(errorWith({{"rope_scaling", settings}}), HasSubstr("'low_freq_factor' is missing"));
}

TEST(HuggingFaceConfig, YarnScaling) {
  Json settings = {
      {"type", "yarn"}, {"factor", 16.0}, {"original_max_position_embeddings", 64}, {"finetuned", true}};
  RopeScaling expected{.kind = RopeScaling::Kind::yarn,
                       .factor = 16,
                       .originalContext = 64,
                       .attentionFactor = 0.1 * std::log(16.0) + 1};
  EXPECT_EQ(modelWith({{"rope_scaling", settings}}).ropeScaling, expected);
  settings.update({{"mscale", 1.0}, {"mscale_all_dim", 1.0}, {"beta_fast", 0}, {"truncate", nullptr}});
  expected.attentionFactor = 1;
  expected.truncate = false; // null is false in Python
  EXPECT_EQ(modelWith({{"rope_scaling", settings}}).ropeScaling, expected);
  settings["attention_factor"] = 1.5;
  expected.attentionFactor = 1.5;
  settings["factor"] = nullptr; // the ratio of the contexts
  expected.factor = 2;
  EXPECT_EQ(modelWith({{"rope_scaling", settings}}).ropeScaling, expected);
  const auto parsed = parseWith({{"rope_scaling", settings}, {"original_max_position_embeddings", 32}});
  ASSERT_TRUE(parsed.ok()) << parsed.status().message();
  EXPECT_EQ(parsed->model.ropeScaling->originalContext, 32);
  EXPECT_THAT(parsed->notes,
              Contains(HasSubstr("'original_max_position_embeddings' 32 replaces 64 of the RoPE settings")));
}

TEST(HuggingFaceConfig, RefusesYarnThatHasNoMeaning) {
  const auto errorOf = [](const Json &changes) {
    Json settings = {{"type", "yarn"}, {"factor", 4.0}};
    settings.update(changes);
    const auto parsed = parseWith({{"rope_scaling", settings}});
    return parsed.ok() ? parsed->model.check("config.json").message() : parsed.status().message();
  };
  EXPECT_THAT(errorOf({{"beta_fast", 1}, {"beta_slow", 2}}),
              HasSubstr("expected 0 < beta_slow <= beta_fast"));
  EXPECT_THAT(errorOf({{"attention_factor", 0}}),
              HasSubstr("attention_factor of rope_scaling to be positive"));
  EXPECT_THAT(errorOf({{"factor", 0.5}}), HasSubstr("at least 1, got 0.5"));
  EXPECT_THAT(errorOf({{"mscale", "x"}}), HasSubstr("'mscale' to be a finite number"));
}

// As transformers reads them.
TEST(HuggingFaceConfig, OddButHarmlessMembers) {
  for (const Json &none :
       {Json::object(), Json(nullptr), Json({{"rope_type", "default"}}), Json({{"type", nullptr}})}) {
    const ModelConfig model = modelWith({{"rope_scaling", none}});
    EXPECT_FALSE(model.ropeScaling) << none;
    EXPECT_EQ(model.ropeTheta, 10000);
  }
  EXPECT_EQ(modelWith({{"rope_parameters", Json::object()}, {"rope_scaling", "ABSENT"}}).ropeTheta, 10000);
  const auto noteOf = [](const Json &changes) {
    auto parsed = parseWith(changes);
    EXPECT_TRUE(parsed.ok()) << parsed.status().message();
    return parsed.ok() && parsed->notes.size() == 1 ? parsed->notes[0] : "";
  };
  EXPECT_THAT(noteOf({{"rope_scaling", {{"factor", 2.0}}}}),
              HasSubstr("'factor' has no effect with the RoPE type 'default', as in transformers"));
  EXPECT_THAT(noteOf({{"rope_scaling", {{"type", "linear"}, {"factor", 2.0}, {"attention_factor", 1.2}}}}),
              HasSubstr("'attention_factor' has no effect with the RoPE type 'linear'"));
  EXPECT_THAT(noteOf({{"sliding_window", 4096}}), HasSubstr("'sliding_window' = 4096 is not applied"));
  EXPECT_THAT(noteOf({{"rms_norm_eps", "ABSENT"}}), HasSubstr("no 'rms_norm_eps'; using the default 1e-06"));
  EXPECT_THAT(noteOf({{"max_position_embeddings", "ABSENT"}}), HasSubstr("using the default 2048"));
  EXPECT_TRUE(parseWith({{"hidden_act", "ABSENT"}, {"use_sliding_window", true}}).ok());
}

TEST(HuggingFaceConfig, LeavesOutIdsThatNoTokenHas) {
  const auto parsed = parseWith({{"eos_token_id", {2, -1, 1000000000000}}, {"bos_token_id", -1}});
  ASSERT_TRUE(parsed.ok()) << parsed.status().message();
  EXPECT_EQ(parsed->model.eosIds, std::vector<int64_t>{2});
  EXPECT_EQ(parsed->model.bosId, -1);
  EXPECT_THAT(parsed->notes,
              ElementsAre(HasSubstr("-1 in 'bos_token_id' is left out: no token has this id"),
                          HasSubstr("-1 in 'eos_token_id'"), HasSubstr("1000000000000 in 'eos_token_id'")));
}

TEST(HuggingFaceConfig, NamesOfClassesCountWithoutAModelType) {
  const auto parsed = parseWith({{"architectures", {"LLaMAForCausalLM"}}});
  ASSERT_TRUE(parsed.ok()) << parsed.status().message();
  EXPECT_THAT(parsed->notes, ElementsAre(AllOf(HasSubstr("LLaMAForCausalLM"), HasSubstr("is not read"))));
  EXPECT_THAT(errorWith({{"architectures", {"LLaMAForCausalLM"}}, {"model_type", "ABSENT"}}),
              HasSubstr("expected 'architectures' to name LlamaForCausalLM"));
  EXPECT_THAT(errorWith({{"architectures", Json::array()}, {"model_type", "ABSENT"}}),
              HasSubstr("expected 'architectures' to name LlamaForCausalLM"));
}

TEST(HuggingFaceConfig, ReadsOddMembersAsTransformers) {
  int read = 0;
  for (const auto &line : goldenLines("configs.jsonl")) {
    const Json &stated = line["config"];
    const Json config =
        stated.is_string() ? *parsePythonJson(stated.get<std::string>(), "config.json") : stated;
    const auto parsed = parseConfig(config, "config.json");
    ASSERT_TRUE(parsed.ok()) << parsed.status().message() << line;
    const ModelConfig &model = parsed->model;
    const Json &expected = line["read"];
    EXPECT_EQ(model.kvHeads, expected["kv_heads"]) << line;
    EXPECT_EQ(model.headDim, expected["head_dim"]) << line;
    EXPECT_EQ(model.context, expected["context"]) << line;
    EXPECT_EQ(model.normEpsilon, expected["epsilon"]) << line;
    EXPECT_EQ(model.tiedEmbeddings, expected["tied"]) << line;
    EXPECT_EQ(model.ropeTheta, expected["theta"]) << line;
    EXPECT_EQ(model.ropeScaling.value_or(RopeScaling{.factor = 1}).factor, expected["factor"]) << line;
    EXPECT_EQ(model.bosId, expected["bos"].empty() ? Json(-1) : expected["bos"][0]) << line;
    EXPECT_EQ(model.eosIds, expected["eos"].get<std::vector<int64_t>>()) << line;
    ++read;
  }
  EXPECT_GE(read, 300);
}

TEST(HuggingFaceConfig, DynamicScalingUpToTheOriginalContext) {
  auto parsed = parseWith({{"rope_scaling", {{"type", "dynamic"}, {"factor", 2.0}}}});
  ASSERT_TRUE(parsed.ok());
  EXPECT_FALSE(parsed->model.ropeScaling);
  EXPECT_EQ(parsed->model.context, 128);
  EXPECT_THAT(parsed->contextLimitReason.value(),
              HasSubstr("'dynamic' is supported up to its original context of 128"));
}

TEST(HuggingFaceConfig, RefusesRopeFeatures) {
  EXPECT_THAT(
      errorWith({{"rope_scaling", {{"rope_type", "longrope"}}}}),
      AllOf(HasSubstr(
                "RoPE type 'longrope' is not supported; expected default, linear, dynamic, llama3 or yarn"),
            HasSubstr("compile a variant of the model")));
  EXPECT_THAT(errorWith({{"rope_scaling", {{"type", "linear"}}}}), HasSubstr("'factor' is missing"));
  EXPECT_THAT(errorWith({{"rope_scaling", {{"type", "default"}, {"partial_rotary_factor", 0.5}}}}),
              HasSubstr("'partial_rotary_factor' = 0.5"));
  EXPECT_THAT(errorWith({{"rope_scaling", 3}}), HasSubstr("'rope_scaling' to be an object, got 3"));
}

TEST(HuggingFaceConfig, RefusesFeaturesByName) {
  EXPECT_THAT(errorWith({{"attention_bias", true}}), HasSubstr("the model needs 'attention_bias' = true"));
  EXPECT_THAT(errorWith({{"mlp_bias", true}}), HasSubstr("'mlp_bias' = true"));
  EXPECT_THAT(errorWith({{"hidden_act", "gelu"}}),
              HasSubstr("expected 'hidden_act' to be \"silu\", got \"gelu\""));
  EXPECT_THAT(errorWith({{"quantization_config", {{"bits", 4}}}}),
              HasSubstr("'quantization_config' = an object"));
  EXPECT_THAT(errorWith({{"partial_rotary_factor", 0.5}}), HasSubstr("'partial_rotary_factor' = 0.5"));
  EXPECT_THAT(errorWith({{"layer_types", {"full_attention", "sliding_attention"}}}),
              HasSubstr("expected 'layer_types' to be all \"full_attention\", got \"sliding_attention\""));
  for (const char *name :
       {"num_local_experts", "num_experts", "attn_logit_softcapping", "final_logit_softcapping",
        "embedding_multiplier", "attention_multiplier", "residual_multiplier", "logits_scaling",
        "no_rope_layers", "adapter_layers", "clip_qkv", "rotary_pct", "logit_scale", "scale_emb"}) {
    EXPECT_THAT(errorWith({{name, 4096}}), HasSubstr(fmt::format("the model needs '{}' = 4096", name)));
  }
  for (const char *name :
       {"use_qk_norm", "qk_layernorm", "is_encoder_decoder", "rope_interleaved", "alibi"}) {
    EXPECT_THAT(errorWith({{name, true}}), HasSubstr(fmt::format("the model needs '{}' = true", name)));
  }
  EXPECT_THAT(errorWith({{"model_type", "mistral"}}),
              HasSubstr("expected 'model_type' to be \"llama\", got \"mistral\""));
  EXPECT_THAT(errorWith({{"architectures", {"LlamaForSequenceClassification"}}}),
              HasSubstr("LlamaForSequenceClassification"));
  EXPECT_THAT(errorWith({{"architectures", "ABSENT"}, {"model_type", "ABSENT"}}),
              HasSubstr("is it the configuration of a language model?"));
}

// Where null is neutral, so is what Python takes for false.
TEST(HuggingFaceConfig, ReadsFeaturesThatAreOff) {
  for (const char *name :
       {"quantization_config", "num_local_experts", "num_experts", "attn_logit_softcapping",
        "final_logit_softcapping", "no_rope_layers", "adapter_layers", "clip_qkv"}) {
    for (const Json &off : {Json(false), Json(0), Json(0.0), Json(""), Json::array(), Json::object()}) {
      EXPECT_TRUE(parseWith({{name, off}}).ok()) << name << " " << off;
    }
  }
  EXPECT_TRUE(parseWith({{"logit_scale", 1}}).ok());
  EXPECT_THAT(errorWith({{"logit_scale", 0}}), HasSubstr("the model needs 'logit_scale' = 0"));
}

TEST(HuggingFaceConfig, RefusesBadSizes) {
  EXPECT_THAT(errorWith({{"hidden_size", "ABSENT"}}), HasSubstr("'hidden_size' is missing"));
  EXPECT_THAT(errorWith({{"hidden_size", "32"}}), HasSubstr("expected 'hidden_size' to be an integer"));
  EXPECT_THAT(errorWith({{"hidden_size", 33}}), HasSubstr("multiple of 'num_attention_heads'"));
  EXPECT_THAT(errorWith({{"num_hidden_layers", 0}}), HasSubstr("got 0"));
  EXPECT_THAT(errorWith({{"num_hidden_layers", 100000}}), HasSubstr("'num_hidden_layers'"));
  EXPECT_THAT(errorWith({{"vocab_size", 0}}), HasSubstr("expected 'vocab_size' to be at least 1, or -1"));
  EXPECT_THAT(errorWith({{"head_dim", 2048}}), HasSubstr("'head_dim'"));
  EXPECT_THAT(errorWith({{"hidden_size", 8192}, {"num_attention_heads", 4}, {"num_key_value_heads", 4}}),
              HasSubstr("'hidden_size' / 'num_attention_heads' to be at most 1024, got 2048"));
  EXPECT_THAT(errorWith({{"eos_token_id", "x"}}), HasSubstr("a token id or a list of them"));
  EXPECT_THAT(errorWith({{"bos_token_id", {1, 2}}}), HasSubstr("one token id"));
}

} // namespace
