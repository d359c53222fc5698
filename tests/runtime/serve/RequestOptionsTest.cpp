// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Requests in JSON, and the samplers that options ask for.
#include "runtime/serve/RequestOptions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

namespace cria::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TextRequest read(std::string_view json, const RequestOptions &defaults = {}) {
  StatusOr<TextRequest> request = readRequestJson(json, defaults, "requests.jsonl:3");
  EXPECT_TRUE(request.ok()) << request.status().message();
  return request.ok() ? std::move(*request) : TextRequest();
}

std::string errorOf(std::string_view json) {
  StatusOr<TextRequest> request = readRequestJson(json, {}, "requests.jsonl:3");
  EXPECT_EQ(request.status().code(), StatusCode::invalidArgument) << json;
  EXPECT_THAT(request.status().message(), testing::StartsWith("requests.jsonl:3: ")) << json;
  return request.status().message();
}

TEST(RequestJsonTest, MembersTakeThePlaceOfDefaults) {
  RequestOptions defaults;
  defaults.maxTokens = 3;
  defaults.seed = 1;
  defaults.stopTexts = {"x"};
  TextRequest request = read(
      R"({"prompt": "Once", "max_tokens": 5, "seed": 18446744073709551615, "stop": ["a", "b"]})", defaults);
  EXPECT_EQ(request.prompt, "Once");
  EXPECT_EQ(request.options.maxTokens, 5u);
  EXPECT_EQ(request.options.seed, UINT64_MAX);
  EXPECT_THAT(request.options.stopTexts, ElementsAre("x", "a", "b"));
}

TEST(RequestJsonTest, AbsentMembersKeepTheirDefaults) {
  RequestOptions defaults;
  defaults.maxTokens = 3;
  defaults.seed = 1;
  TextRequest request = read(R"({"prompt": "", "stop": "end"})", defaults);
  EXPECT_EQ(request.prompt, "");
  EXPECT_EQ(request.options.maxTokens, 3u);
  EXPECT_EQ(request.options.seed, 1u);
  EXPECT_THAT(request.options.stopTexts, ElementsAre("end"));
}

TEST(RequestJsonTest, RefusesWhatIsNoRequest) {
  EXPECT_THAT(errorOf("prompt"), HasSubstr("not valid JSON"));
  EXPECT_THAT(errorOf("[]"), HasSubstr("expected an object like"));
  EXPECT_THAT(errorOf("{}"), HasSubstr("got one without 'prompt'"));
  EXPECT_THAT(errorOf(R"({"prompt": 1})"), HasSubstr("'prompt': expected a string, got 1"));
  EXPECT_THAT(errorOf(R"({"prompt": "a", "promt": "b"})"), HasSubstr("unexpected member 'promt'"));
  EXPECT_THAT(errorOf(R"({"prompt": "a", "prompt": "b"})"), HasSubstr("duplicate name 'prompt'"));
}

TEST(RequestJsonTest, NullIsAbsent) {
  RequestOptions defaults;
  defaults.maxTokens = 3;
  defaults.seed = 1;
  const TextRequest request =
      read(R"({"prompt": "a", "max_tokens": null, "seed": null, "stop": null})", defaults);
  EXPECT_EQ(request.options.maxTokens, 3u);
  EXPECT_EQ(request.options.seed, 1u);
  EXPECT_TRUE(request.options.stopTexts.empty());
  EXPECT_THAT(errorOf(R"({"prompt": null})"), HasSubstr("'prompt': expected a string, got null"));
}

TEST(RequestJsonTest, RefusesValuesOfOtherTypesAndRanges) {
  for (const char *value : {"-1", "4294967296", "1.5", "\"1\""}) {
    EXPECT_THAT(errorOf(fmt::format(R"({{"prompt": "a", "max_tokens": {}}})", value)),
                HasSubstr("'max_tokens': expected an integer from 0 to 4294967295"));
  }
  EXPECT_THAT(errorOf(R"({"prompt": "a", "seed": 18446744073709551616})"), HasSubstr("'seed'"));
  EXPECT_THAT(errorOf(R"({"prompt": "a", "stop": 1})"), HasSubstr("'stop': expected a string or an array"));
  EXPECT_THAT(errorOf(R"({"prompt": "a", "stop": ["b", 1]})"),
              HasSubstr("'stop': expected a string or an array"));
}

TEST(RequestJsonTest, RefusesEmptyStopTexts) {
  for (const char *stop : {R"("")", R"(["a", ""])"}) {
    EXPECT_THAT(errorOf(fmt::format(R"({{"prompt": "a", "stop": {}}})", stop)),
                HasSubstr("'stop': expected a text that is not empty, got ''"));
  }
  EXPECT_TRUE(read(R"({"prompt": "a", "stop": []})").options.stopTexts.empty());
  EXPECT_THAT(checkStopText("a\xFF").message(), HasSubstr("got 'a\\xff' with another byte at offset 1"));
}

// Regression: such a line overflowed the stack.
TEST(RequestJsonTest, RefusesDeepNesting) {
  const std::string deep = std::string(100000, '[') + std::string(100000, ']');
  EXPECT_THAT(errorOf(R"({"prompt": "a", "stop": )" + deep + "}"), HasSubstr("nesting is deeper"));
}

/// The samplers in the form of an expression.
std::string samplersFor(const RequestOptions &options, const GenerationDefaults &defaults = {}) {
  const StatusOr<std::vector<SamplerSpec>> specs = samplersOf(options, defaults);
  if (!specs.ok()) {
    return specs.status().message();
  }
  std::string text;
  for (const SamplerSpec &spec : *specs) {
    text += (text.empty() ? "" : "|") + spec.name;
    for (const PluginArgument &argument : spec.arguments) {
      text +=
          fmt::format("({}{}{})", argument.name, argument.name.empty() ? "" : "=", toString(argument.value));
    }
  }
  return text;
}

TEST(SamplersOfRequestTest, AreGreedyWithoutOptionsAndDefaults) {
  EXPECT_EQ(samplersFor({}), "greedy");
  EXPECT_EQ(samplersFor({.temperature = 0}), "greedy");
  EXPECT_EQ(samplersFor({.temperature = 0, .topK = 3}), "greedy");
}

TEST(SamplersOfRequestTest, AreInTheOrderOfMetasCode) {
  EXPECT_EQ(samplersFor({.temperature = 0.8, .topK = 40, .topP = 0.9}),
            "temperature(0.8)|top_k(40)|top_p(0.9)");
  EXPECT_EQ(samplersFor({.topK = 5}), "temperature(1)|top_k(5)");
  EXPECT_EQ(samplersFor({.topK = 0, .topP = 1}), "temperature(1)");
}

TEST(SamplersOfRequestTest, AreTheDefaultsOfACheckpointThatSamples) {
  GenerationDefaults defaults;
  defaults.temperature = 0.5;
  defaults.topP = 0.9;
  EXPECT_EQ(samplersFor({}, defaults), "greedy");
  defaults.doSample = true;
  EXPECT_EQ(samplersFor({}, defaults), "temperature(0.5)|top_p(0.9)");
}

// As in transformers: each value that is not given is the checkpoint's.
TEST(SamplersOfRequestTest, KeepTheDefaultsThatAreNotGiven) {
  GenerationDefaults defaults;
  defaults.temperature = 0.5;
  defaults.topK = 30;
  defaults.topP = 0.9;
  for (const bool doSample : {true, false}) { // giving one asks for sampling
    defaults.doSample = doSample;
    EXPECT_EQ(samplersFor({.temperature = 0.5}, defaults), "temperature(0.5)|top_k(30)|top_p(0.9)");
    EXPECT_EQ(samplersFor({.topK = 2}, defaults), "temperature(0.5)|top_k(2)|top_p(0.9)");
    EXPECT_EQ(samplersFor({.topP = 0.2}, defaults), "temperature(0.5)|top_k(30)|top_p(0.2)");
    EXPECT_EQ(samplersFor({.topK = 0, .topP = 1}, defaults), "temperature(0.5)");
    EXPECT_EQ(samplersFor({.temperature = 0}, defaults), "greedy");
  }
}

// The penalty does not ask for sampling, and applies to the most likely token as well.
TEST(SamplersOfRequestTest, ThePenaltyAppliesWithAndWithoutSampling) {
  const std::string penalty = "penalties(last_n=-1)(repeat=1.5)|";
  EXPECT_EQ(samplersFor({.repetitionPenalty = 1.5}), penalty + "greedy");
  EXPECT_EQ(samplersFor({}, {.repetitionPenalty = 1.5}), penalty + "greedy");
  EXPECT_EQ(samplersFor({.temperature = 0}, {.repetitionPenalty = 1.5}), penalty + "greedy");
  EXPECT_EQ(samplersFor({.topK = 3}, {.repetitionPenalty = 1.5}), penalty + "temperature(1)|top_k(3)");
  EXPECT_EQ(samplersFor({.repetitionPenalty = 1}, {.repetitionPenalty = 1.5}), "greedy");
  EXPECT_EQ(samplersFor({.samplerExpression = "greedy"}, {.repetitionPenalty = 1.5}), "greedy");
}

TEST(SamplersOfRequestTest, AreInTheOrderOfTransformers) {
  const GenerationDefaults defaults = {
      .temperature = 0.5, .topP = 0.9, .minP = 0.1, .typicalP = 0.8, .topK = 30, .doSample = true};
  EXPECT_EQ(samplersFor({}, defaults), "temperature(0.5)|top_k(30)|top_p(0.9)|min_p(0.1)|typical_p(0.8)");
  EXPECT_EQ(samplersFor({.minP = 0, .typicalP = 1}, defaults), "temperature(0.5)|top_k(30)|top_p(0.9)");
  EXPECT_EQ(samplersFor({.minP = 0.2}), "temperature(1)|min_p(0.2)"); // giving one asks for sampling
  EXPECT_EQ(samplersFor({.typicalP = 0.2}), "temperature(1)|typical_p(0.2)");
}

TEST(SeedOfRowTest, TheFirstRowHasTheSeedItself) {
  EXPECT_EQ(seedOfRow(5, 0), 5u);
  EXPECT_EQ(seedOfRow(UINT64_MAX, 0), UINT64_MAX);
}

// Rows of batches with neighbouring seeds have different seeds, which every reader of JSON keeps.
TEST(SeedOfRowTest, EveryRowHasItsOwn) {
  std::set<uint64_t> seeds;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    for (uint64_t row = 1; row < 100; ++row) {
      EXPECT_TRUE(seeds.insert(seedOfRow(seed, row)).second) << seed << " " << row;
      EXPECT_LT(seedOfRow(seed, row), uint64_t{1} << 53);
    }
  }
}

TEST(SamplersOfRequestTest, AreThoseOfAListOrAnExpression) {
  EXPECT_EQ(samplersFor({.samplers = {{.name = "min_p", .arguments = {}}}}), "min_p");
  EXPECT_EQ(samplersFor({.samplerExpression = "top_k(3)|draw"}), "top_k(3)|draw");
  EXPECT_THAT(samplersFor({.samplerExpression = "top_k("}), HasSubstr("expected"));
}

TEST(SamplersOfRequestTest, BeginWithTheGrammar) {
  EXPECT_EQ(samplersFor({.temperature = 0, .grammar = "root ::= \"x\""}), "grammar(root ::= \"x\")|greedy");
  EXPECT_EQ(samplersFor({.jsonSchema = "{}"}), "grammar(json_schema={})|greedy");
  EXPECT_EQ(samplersFor({.grammar = "root ::= \"x\"", .jsonSchema = "{}"}), "grammar(json_schema={})|greedy");
}

TEST(SamplersOfRequestTest, LetGrammarsEndATextThatIgnoresEnds) {
  EXPECT_EQ(samplersFor({.grammar = "root ::= \"x\"", .ignoreEos = true}),
            "grammar(root ::= \"x\")(ends_last=true)|greedy");
  EXPECT_EQ(samplersFor({.samplerExpression = "grammar(x, ends_last=false)|draw", .ignoreEos = true}),
            "grammar(x)(ends_last=false)|draw");
}

TEST(SamplersOfRequestTest, PassTheOptionsOfASchema) {
  EXPECT_EQ(samplersFor({.jsonSchema = "{}", .schemaOptions = {.exactFormats = true}}),
            "grammar(json_schema={})(exact_formats=true)|greedy");
  EXPECT_EQ(samplersFor({.jsonSchema = "{}", .schemaOptions = {.openApi = true, .openObjects = true}}),
            "grammar(json_schema={})(openapi=true)(open_objects=true)|greedy");
  const SchemaOptions documents = {.documents = {{"a.json", "{\"type\": 1}"}, {"b.json", "x"}}};
  EXPECT_EQ(samplersFor({.jsonSchema = "{}", .schemaOptions = documents}),
            R"(grammar(json_schema={})(schema_documents={"a.json":"{\"type\": 1}","b.json":"x"})|greedy)");
  EXPECT_THAT(samplersFor({.jsonSchema = "{}", .schemaOptions = {.documents = {{"a.json", "ab\xFF"}}}}),
              HasSubstr("'a.json': expected UTF-8, got other bytes at offset 2"));
}

} // namespace
} // namespace cria::test
