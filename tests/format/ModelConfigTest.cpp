// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Model and chat configuration: round trips, and the message of each error. JSON helpers, digests.
#include "format/ModelConfig.h"
#include "support/File.h"
#include "support/Sha256.h"

#include "tests/testing/TestFiles.h"

#include <gmock/gmock.h>

using namespace cria;
using namespace cria::tests;
using ::testing::HasSubstr;

namespace {

ModelConfig llama7b() {
  return {.name = "llama-2-7b",
          .dim = 4096,
          .layers = 32,
          .heads = 32,
          .kvHeads = 32,
          .headDim = 128,
          .ffnDim = 11008,
          .vocabSize = 32000,
          .context = 4096};
}

StatusOr<ModelConfig> roundTrip(const ModelConfig &config) {
  auto json = parseJson(config.toJson().dump(), "manifest");
  EXPECT_TRUE(json.ok());
  return ModelConfig::fromJson(*json, "manifest: model");
}

std::string errorWith(const std::string &member, Json value) {
  Json json = Json::parse(llama7b().toJson().dump());
  if (value == "ABSENT") {
    json.erase(member);
  } else {
    json[member] = std::move(value);
  }
  auto config = ModelConfig::fromJson(json, "manifest: model");
  EXPECT_FALSE(config.ok()) << member;
  return config.status().message();
}

TEST(ModelConfig, ParameterCounts) {
  EXPECT_EQ(llama7b().parameters(), 6738415616);
  ModelConfig large{.dim = 8192,
                    .layers = 80,
                    .heads = 64,
                    .kvHeads = 8,
                    .headDim = 128,
                    .ffnDim = 28672,
                    .vocabSize = 32000,
                    .context = 4096};
  EXPECT_EQ(large.parameters(), 68976648192);
}

TEST(ModelConfig, RoundTrip) {
  ModelConfig config = llama7b();
  EXPECT_EQ(*roundTrip(config), config);
  config.ropeScaling = {.kind = RopeScaling::Kind::llama3,
                        .factor = 8,
                        .lowFreqFactor = 1,
                        .highFreqFactor = 4,
                        .originalContext = 8192};
  config.eosIds = {};
  config.bosId = -1;
  config.normEpsilon = 1e-6;
  config.tiedEmbeddings = true;
  EXPECT_EQ(*roundTrip(config), config);
  config.ropeScaling = {.kind = RopeScaling::Kind::yarn,
                        .factor = 16,
                        .originalContext = 4096,
                        .betaFast = 48,
                        .betaSlow = 0.5,
                        .attentionFactor = 1.25,
                        .truncate = false};
  EXPECT_EQ(*roundTrip(config), config);
  config.ropeScaling = RopeScaling{.factor = 2.5};
  EXPECT_EQ(*roundTrip(config), config);
}

TEST(ModelConfig, RefusesBadMembers) {
  EXPECT_THAT(errorWith("dim", "ABSENT"), HasSubstr("manifest: model: 'dim' is missing"));
  EXPECT_THAT(errorWith("dim", 0), HasSubstr("expected 'dim' to be an integer from 1 to 2147483647, got 0"));
  EXPECT_THAT(errorWith("dim", 1.5), HasSubstr("got 1.5"));
  EXPECT_THAT(errorWith("dim", uint64_t(1) << 63), HasSubstr("got 9223372036854775808"));
  EXPECT_THAT(errorWith("layers", 1000000), HasSubstr("from 1 to 65536"));
  EXPECT_THAT(errorWith("kv_heads", 5), HasSubstr("multiple of kv_heads, got 32 and 5"));
  EXPECT_THAT(errorWith("head_dim", 127), HasSubstr("even head_dim"));
  EXPECT_THAT(errorWith("head_dim", 1025), HasSubstr("expected 'head_dim' to be an integer from 1 to 1024"));
  EXPECT_THAT(errorWith("heads", 2000000000), HasSubstr("the number of parameters is too large"));
  EXPECT_THAT(errorWith("architecture", "mistral"),
              HasSubstr("expected architecture 'llama', got 'mistral'"));
  EXPECT_THAT(errorWith("parameters", 7), HasSubstr("expected 6738415616 parameters for these sizes, got 7"));
  EXPECT_THAT(errorWith("norm_epsilon", 0), HasSubstr("norm_epsilon"));
  EXPECT_THAT(errorWith("rope_theta", 0.5), HasSubstr("rope_theta"));
  EXPECT_THAT(errorWith("bos_id", 32000), HasSubstr("bos_id below the vocabulary size 32000"));
  EXPECT_THAT(errorWith("eos_ids", Json::array({40000})), HasSubstr("eos_ids below the vocabulary size"));
  EXPECT_THAT(errorWith("eos_ids", Json::array({"x"})), HasSubstr("to be token ids"));
  EXPECT_THAT(errorWith("extra", 1), HasSubstr("unknown member 'extra'"));
  EXPECT_THAT(errorWith("rope_scaling", {{"type", "longrope"}, {"factor", 2}}), HasSubstr("got 'longrope'"));
  Json yarn = {{"type", "yarn"},  {"factor", 2},           {"original_context", 64}, {"beta_fast", 1},
               {"beta_slow", 32}, {"attention_factor", 1}, {"truncate", true}};
  EXPECT_THAT(errorWith("rope_scaling", yarn), HasSubstr("expected 0 < beta_slow <= beta_fast"));
  yarn.erase("truncate");
  EXPECT_THAT(errorWith("rope_scaling", yarn), HasSubstr("'truncate' is missing"));
  EXPECT_THAT(errorWith("rope_scaling", {{"type", "linear"}, {"factor", 0.5}}),
              HasSubstr("at least 1, got 0.5"));
}

TEST(ChatConfig, RoundTrip) {
  for (bool full : {false, true}) {
    ChatConfig config;
    if (full) {
      config = {
          .templateName = "llama2",
          .options = {{"strict", "true"}},
          .generation = {.temperature = 0.6, .topP = 0.9, .topK = 0, .maxNewTokens = 5, .doSample = true}};
    }
    auto json = parseJson(config.toJson().dump(), "chat.json");
    auto read = ChatConfig::fromJson(*json, "chat.json");
    ASSERT_TRUE(read.ok()) << read.status().message();
    EXPECT_EQ(*read, config);
  }
}

TEST(ChatConfig, KeepsTheTextOfAnUnknownTemplate) {
  ChatConfig config;
  EXPECT_FALSE(config.toJson().contains("source"));
  config.source = "{{ bos_token }}\n\"x\"";
  config.options = {{"eos", "</s>"}};
  const auto read = ChatConfig::fromJson(Json::parse(config.toJson().dump()), "chat.json");
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(*read, config);
}

TEST(ChatConfig, RefusesExtraMembers) {
  Json json = {{"template", nullptr},
               {"options", Json::object()},
               {"source_options", Json::object()},
               {"generation", {{"beams", 4}}}};
  EXPECT_THAT(ChatConfig::fromJson(json, "chat.json").status().message(),
              HasSubstr("unknown member 'beams'"));
}

TEST(ChatConfig, RefusesWhatNoSamplerTakes) {
  auto errorWith = [](const char *name, double value) {
    Json json = {{"template", nullptr},
                 {"options", Json::object()},
                 {"source_options", Json::object()},
                 {"generation", {{name, value}}}};
    return ChatConfig::fromJson(json, "chat.json").status().message();
  };
  EXPECT_THAT(errorWith("temperature", 200),
              HasSubstr("expected 'temperature' to be from 0 to 100, got 200"));
  EXPECT_THAT(errorWith("top_p", -0.5), HasSubstr("expected 'top_p' to be from 0 to 1, got -0.5"));
}

TEST(Json, Strictness) {
  EXPECT_THAT(parseJson(R"({"a":{"b":1,"b":2}})", "f").status().message(),
              HasSubstr("f: duplicate name 'b'"));
  EXPECT_TRUE(parseJson(R"([{"a":1},{"a":1}])", "f").ok());
  EXPECT_THAT(parseJson("[1e999]", "f").status().message(), HasSubstr("f: not valid JSON"));
  EXPECT_FALSE(parseJson("{} {}", "f").ok());
  EXPECT_FALSE(parseJson("", "f").ok());
}

TEST(Json, PrintableText) {
  EXPECT_EQ(printable("a\n\xC3\xA4\xFF"), "a\\x0a\xC3\xA4\\xff");
  EXPECT_EQ(printable("\xED\xA0\x80"), "\\xed\\xa0\\x80");          // a surrogate
  EXPECT_EQ(printable("\xE0\x80\x80"), "\\xe0\\x80\\x80");          // an overlong form of U+0000
  EXPECT_EQ(printable("\xF4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80"); // above U+10FFFF
  EXPECT_EQ(printable("a\xE2\x82"), "a\\xe2\\x82");                 // the beginning of a character
  EXPECT_LT(printable(std::string(1000, 'x')).size(), 130u);
}

TEST(Json, Files) {
  TemporaryFolder folder;
  EXPECT_EQ(readJsonFile(folder.file("none")).status().code(), StatusCode::notFound);
  EXPECT_THAT(readFile(folder.write("x", "12345"), 4).status().message(),
              HasSubstr("at most 4 bytes, got 5"));
}

TEST(Sha256, KnownDigests) {
  EXPECT_EQ(Sha256::of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  TemporaryFolder folder;
  EXPECT_EQ(*sha256OfFile(folder.write("e", "")),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_FALSE(sha256OfFile(folder.file("none")).ok());
}

} // namespace
