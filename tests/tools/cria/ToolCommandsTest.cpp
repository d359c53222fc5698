// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// tokenize, logits, perplexity, inspect, bench, plugins, version.
#include "StoriesPackage.h"
#include "format/Safetensors.h"
#include "tests/testing/CompileModel.h"

#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace cria::test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Pair;

std::string outputOf(const std::vector<std::string> &arguments, const std::string &input = "") {
  const ProcessResult result = runCria(arguments, input);
  EXPECT_EQ(result.exitCode, 0) << result.errors;
  return result.output;
}

TEST(TokenizeCommandTest, PackageAndCheckpointAgree) {
  const std::string text = "Once upon a time, 42 llamas \xF0\x9F\xA6\x99";
  const std::string ids = outputOf({"tokenize", storiesPackage(), text, "--ids"});
  EXPECT_THAT(ids, testing::StartsWith("1 "));
  EXPECT_EQ(ids, outputOf({"tokenize", kStoriesCheckpoint, text, "--ids"}));
  EXPECT_EQ(ids, "1 " + outputOf({"tokenize", storiesPackage(), text, "--ids", "--no-bos"}));
  const json rows = json::parse(outputOf({"tokenize", storiesPackage(), text, "--json"}));
  EXPECT_EQ(rows[0]["id"], 1);
}

TEST(LogitsCommandTest, FilesOfPromptAndDecodeAreEqual) {
  const TemporaryFolder folder;
  const std::string tokens = "1,300,301,302,40,50,60";
  outputOf({"logits", storiesPackage(), "--tokens", tokens, "-o", folder.path("prompt.safetensors")});
  outputOf(
      {"logits", storiesPackage(), "--tokens", tokens, "--decode", "-o", folder.path("decode.safetensors")});
  EXPECT_EQ(readFile(folder.path("prompt.safetensors")), readFile(folder.path("decode.safetensors")));
  const auto file = SafetensorsFile::open(folder.path("prompt.safetensors"));
  ASSERT_TRUE(file.ok()) << file.status().message();
  EXPECT_EQ((*file)->find("logits")->shape, (std::vector<int64_t>{7, 1024}));
}

TEST(PerplexityCommandTest, StoriesAreMoreLikelyThanNoise) {
  const TemporaryFolder folder;
  const json story = json::parse(
      outputOf({"run", storiesPackage(), "-p", "Once upon a time", "--temperature", "0", "--json"}));
  writeFile(folder.path("story.txt"), "Once upon a time" + story["text"].get<std::string>());
  writeFile(folder.path("noise.txt"),
            "qzx kvj wpf 93 zzq blorp xyx qqq vvv jjj kkk www zzz 777 @@@ ### qzx kvj wpf");
  const json good =
      json::parse(outputOf({"perplexity", storiesPackage(), folder.path("story.txt"), "--json"}));
  const json bad =
      json::parse(outputOf({"perplexity", storiesPackage(), folder.path("noise.txt"), "--json"}));
  EXPECT_GE(good["perplexity"], 1.0);
  EXPECT_LT(good["perplexity"], 3.0);
  EXPECT_GT(bad["perplexity"], 10 * good["perplexity"].get<double>());
  EXPECT_NEAR(good["perplexity"], std::exp(good["nll"].get<double>()), 1e-6);
}

// The window of a text of this length is longer than the chunks that are compared.
TEST(PerplexityCommandTest, ComparesWithAnotherModel) {
  const TemporaryFolder folder;
  std::string text;
  for (int i = 0; i < 40; ++i) {
    text += "Once upon a time there was a little mouse. She had a red ball. ";
  }
  writeFile(folder.path("text.txt"), text);
  const std::string coarse = folder.path("coarse.cria"), file = folder.path("text.txt");
  outputOf({"compile", kStoriesCheckpoint, "-o", coarse, "--weights", "q3_k", "--target", "cpu"});
  const json alone = json::parse(outputOf({"perplexity", coarse, file, "--json"}));
  const json compared =
      json::parse(outputOf({"perplexity", coarse, file, "--against", storiesPackage(), "--json"}));
  const json exact = json::parse(outputOf({"perplexity", storiesPackage(), file, "--json"}));
  EXPECT_EQ(compared["perplexity"], alone["perplexity"]);
  const json &against = compared["against"];
  EXPECT_EQ(against["perplexity"], exact["perplexity"]);
  EXPECT_NEAR(against["ratio"], alone["perplexity"].get<double>() / exact["perplexity"].get<double>(), 1e-9);
  EXPECT_GT(against["kl"], 1e-3);
  EXPECT_LE(against["kl_median"], against["kl_90"]);
  EXPECT_LE(against["kl_90"], against["kl_largest"]);
  const json itself =
      json::parse(outputOf({"perplexity", coarse, file, "--against", coarse, "--json"}))["against"];
  EXPECT_EQ(itself["kl_largest"], 0);
  EXPECT_EQ(itself["same_best"], 1);
  EXPECT_EQ(itself["ratio"], 1);
}

// Windows with more overlap count no token twice.
TEST(PerplexityCommandTest, EveryTokenCountsOnce) {
  const TemporaryFolder folder;
  std::string text;
  for (int i = 0; i < 60; ++i) {
    text += "The cow says moo and the dog says woof. ";
  }
  writeFile(folder.path("text.txt"), text);
  const json half =
      json::parse(outputOf({"perplexity", storiesPackage(), folder.path("text.txt"), "--json"}));
  const json narrow = json::parse(
      outputOf({"perplexity", storiesPackage(), folder.path("text.txt"), "--stride", "50", "--json"}));
  EXPECT_GT(half["scored_tokens"], 100);
  EXPECT_GT(narrow["scored_tokens"], 100);
  EXPECT_LT(narrow["scored_tokens"], narrow["tokens"]);
}

TEST(CompileCommandTest, DescribesThePackageAsJson) {
  const TemporaryFolder folder;
  const std::string package = folder.path("m.cria");
  const json row =
      json::parse(outputOf({"compile", kStoriesCheckpoint, "-o", package, "--target", "ops", "--json"}));
  EXPECT_EQ(row["path"], package);
  EXPECT_EQ(row["targets"], json({"ops"}));
  EXPECT_GT(row["bytes"], 2'000'000);
}

// Every subcommand has the common options.
TEST(OptionsTest, EverySubcommandHasCommonOptions) {
  for (const char *command : {"run", "chat", "compile", "inspect", "bench", "logits", "perplexity",
                              "calibrate", "tokenize", "plugins"}) {
    const std::string help = outputOf({command, "--help"});
    for (const char *option : {"--quiet", "--json", "--version"}) {
      EXPECT_THAT(help, HasSubstr(option)) << command;
    }
    EXPECT_THAT(help, MatchesRegex(std::string(".*\nExample:\n  cria ") + command + " [^\n]+\n"));
    EXPECT_THAT(outputOf({command, "--version"}), HasSubstr("LLVM 22."));
  }
  EXPECT_THAT(outputOf({"cache", "list", "--help"}), HasSubstr("--json"));
  EXPECT_THAT(outputOf({"run", "--help"}), AllOf(HasSubstr("--no-echo"), Not(HasSubstr("{false}"))));
}

TEST(InspectCommandTest, PackageShowsRequestedDetails) {
  const std::string text = outputOf({"inspect", storiesPackage(), "--weights", "--dispatches"});
  for (const char *part : {"4 heads, 2 KV heads", "target cpu-x86-64-v3", "target cpu-x86-64-v4",
                           "target ops", "features x86-64-v4", "kernels", "without reuse", "sha256",
                           "panel16", "concat", "entry decode", "llama.rope_attention"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  const json data = json::parse(outputOf({"inspect", storiesPackage(), "--json"}));
  EXPECT_EQ(data["model"]["dim"], 128);
  EXPECT_EQ(data["targets"].size(), 3u);
  EXPECT_THAT(text, HasSubstr("weights f16, 16 bits per weight"));
  EXPECT_EQ(data["bits_per_weight"], 16);
  EXPECT_EQ(data["targets"][0]["weights"][0]["bits_per_weight"], 16);
}

TEST(InspectCommandTest, Checkpoint) {
  EXPECT_THAT(outputOf({"inspect", kStoriesCheckpoint}), HasSubstr("dim 128, 6 layers"));
  EXPECT_EQ(json::parse(outputOf({"inspect", kStoriesCheckpoint, "--json"}))["model"]["vocab_size"], 1024);
}

/// Each sample is followed by a measurement of the limits of the machine, which takes most of the time.
json benchRows(std::vector<std::string> options) {
  options.insert(options.begin(), {"bench", storiesPackage(), "--threads", "2", "--json"});
  return json::parse(outputOf(options));
}

TEST(BenchCommandTest, RowsHoldEveryParameter) {
  const json rows = benchRows(
      {"--prompt", "16,32", "--generate", "8", "--depth", "64", "--batch", "4", "--repetitions", "2"});
  ASSERT_EQ(rows.size(), 3u); // 2 prompts and decode
  for (const json &row : rows) {
    EXPECT_GT(row["tokens_per_second"], 0);
    EXPECT_EQ(row["samples"].size(), 2u);
    EXPECT_EQ(row["context"], 64);
    EXPECT_EQ(row["batch"], 4);
    EXPECT_GT(row["bandwidth_fraction"], 0);
    EXPECT_GT(row["compute_fraction"], 0);
    EXPECT_EQ(row["bandwidth_limit_kind"], "read");
    EXPECT_EQ(row["compute_limit_kind"], "f32");
    EXPECT_TRUE(row["host_gap_fraction"].is_null()); // the processor is the host
    for (const char *member : {"phase", "tokens", "context", "batch", "gigabytes_per_second", "gigaflops",
                               "model", "target", "weights", "threads", "machine", "version", "commit"}) {
      EXPECT_TRUE(row.contains(member)) << member;
    }
  }
}

// Steps that multiply bytes are compared with products of bytes.
TEST(BenchCommandTest, TheLimitIsThatOfTheClassOfActivations) {
  const TemporaryFolder folder;
  const std::string package = folder.path("q8.cria");
  outputOf({"compile", "--preset", "stories-260k", "--random-weights", "1", "--weights", "q8", "--target",
            "cpu", "-o", package});
  const ProcessResult result =
      runCria({"bench", package, "--prompt", "16", "--generate", "0", "--repetitions", "1"});
  EXPECT_EQ(result.exitCode, 0) << result.errors;
  EXPECT_THAT(result.output, HasSubstr("GOP/s int8"));
}

TEST(BenchCommandTest, MeasuresEveryDepthWithEveryBatch) {
  const json rows = benchRows(
      {"--prompt", "0", "--generate", "4", "--depth", "0,64", "--batch", "1,4", "--repetitions", "1"});
  std::vector<std::pair<int, int>> found;
  for (const json &row : rows) {
    found.emplace_back(row["batch"], row["context"]);
  }
  EXPECT_THAT(found, testing::ElementsAre(Pair(1, 0), Pair(1, 64), Pair(4, 0), Pair(4, 64)));
}

TEST(BenchCommandTest, ProfileNamesKernels) {
  const ProcessResult result = runCria(
      {"bench", storiesPackage(), "--prompt", "0", "--generate", "4", "--repetitions", "1", "--profile"});
  EXPECT_EQ(result.exitCode, 0) << result.errors;
  EXPECT_THAT(result.errors, HasSubstr("attention"));
  EXPECT_THAT(result.output, HasSubstr(" GB/s read, "));
  EXPECT_THAT(result.output, Not(HasSubstr("host gap")));
}

TEST(BenchCommandTest, TimesTheKernelsOfEachRow) {
  const json rows = benchRows({"--prompt", "16", "--generate", "3", "--depth", "8", "--batch", "1,16",
                               "--repetitions", "1", "--kernels"});
  ASSERT_EQ(rows.size(), 4u);
  for (const json &row : rows) {
    EXPECT_GT(row["step_microseconds"], 0);
    ASSERT_GT(row["kernels"].size(), 3u) << row["phase"];
    uint64_t bytes = 0;
    for (const json &kernel : row["kernels"]) {
      EXPECT_GT(kernel["dispatches"], 0);
      EXPECT_GT(kernel["microseconds"], 0);
      EXPECT_GT(kernel["share"], 0);
      EXPECT_GT(kernel["bytes"], 0) << kernel["name"];
      EXPECT_TRUE(kernel["registers"].is_null()); // the processor has no such number
      EXPECT_TRUE(kernel["shared_bytes_per_block"].is_null());
      EXPECT_TRUE(kernel["resident_blocks_per_sm"].is_null());
      bytes += kernel["bytes"].get<uint64_t>();
    }
    EXPECT_GT(bytes, 100'000u); // every weight once
  }
}

TEST(BenchCommandTest, TablesOfKernelsFollowTheRows) {
  const std::vector<std::string> arguments = {
      "bench", storiesPackage(), "--prompt", "0",         "--generate",
      "2",     "--repetitions",  "1",        "--kernels", "--quiet"};
  const ProcessResult result = runCria(arguments);
  EXPECT_EQ(result.exitCode, 0) << result.errors;
  EXPECT_THAT(result.output, AllOf(HasSubstr("decode of 2 tokens, context 0, batch 1: kernels of one step"),
                                   HasSubstr("all kernels, each alone: "), HasSubstr("attention")));
  std::vector<std::string> both = arguments;
  both.emplace_back("--profile");
  EXPECT_EQ(runCria(both).exitCode, 2);
}

TEST(PluginsCommandTest, ListsAllKinds) {
  const json rows = json::parse(outputOf({"plugins", "--json"}));
  for (const json &row : rows) {
    EXPECT_TRUE(row["manifest"].get<std::string>().ends_with(".cria-plugin.json")) << row;
  }
  for (const char *name :
       {"cpu", "reference", "null", "greedy", "temperature", "top_k", "top_p", "draw", "llama2", "plain"}) {
    const bool found = std::any_of(rows.begin(), rows.end(),
                                   [&](const json &row) { return row["name"] == name && row["loaded"]; });
    EXPECT_TRUE(found) << name;
  }
  const auto cuda =
      std::find_if(rows.begin(), rows.end(), [](const json &row) { return row["name"] == "cuda"; });
  ASSERT_NE(cuda, rows.end());
  if (!(*cuda)["loaded"]) { // no GPU here, or no driver
    EXPECT_THAT((*cuda)["reason"].get<std::string>(), HasSubstr("CUDA driver"));
  }
  EXPECT_THAT(outputOf({"plugins"}), HasSubstr("sampler"));
}

TEST(PluginsCommandTest, ExplainsOptionsAndDevices) {
  EXPECT_THAT(outputOf({"plugins", "--explain", "top_k"}),
              AllOf(HasSubstr("sampler top_k"), HasSubstr("an integer from 1 to"), HasSubstr("default 40")));
  const json rows = json::parse(outputOf({"plugins", "--explain", "backend:null", "--json"}));
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0]["devices"][0]["name"], "nothing");
  const ProcessResult unknown = runCria({"plugins", "--explain", "top_q"});
  EXPECT_EQ(unknown.exitCode, 2);
  EXPECT_THAT(unknown.errors, HasSubstr("there is no plugin 'top_q'; did you mean 'top_k'"));
}

TEST(SamplersOfRunTest, ComeFromAnExpressionOrAFile) {
  const TemporaryFolder folder;
  writeFile(folder.path("chain.json"), R"([{"name": "top_k", "k": 5}, {"name": "temperature", "t": 0.7}])");
  const std::vector<std::string> common = {"run", storiesPackage(), "-p", "Once", "-n", "20", "--seed", "5"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), common.begin(), common.end());
    return runCria(more);
  };
  const ProcessResult byFile = with({"--sampler-file", folder.path("chain.json")});
  EXPECT_EQ(byFile.exitCode, 0) << byFile.errors;
  EXPECT_EQ(byFile.output, with({"--sampler", "top_k(5)|temperature(0.7)"}).output);
  const ProcessResult wrong = with({"--sampler", "top_k(5)|top_p(1.5)"});
  EXPECT_EQ(wrong.exitCode, 2);
  EXPECT_THAT(wrong.errors, HasSubstr("top_k(5)|top_p(1.5)\n                 ^"));
  writeFile(folder.path("chain.json"), R"([{"name": "top_k", "kay": 5}])");
  EXPECT_THAT(with({"--sampler-file", folder.path("chain.json")}).errors, HasSubstr("has no option 'kay'"));
  EXPECT_EQ(with({"--sampler-file", folder.path("none.json")}).exitCode, 2);
}

TEST(SamplersOfRunTest, KeepToAGrammar) {
  const TemporaryFolder folder;
  writeFile(folder.path("g.gbnf"), "root ::= \" \"? [A-Z] [a-z]{2,9} \" \" (\"cat\" | \"cow\") \".\"\n");
  for (const char *seed : {"1", "2", "3"}) {
    const std::string text = outputOf({"run", storiesPackage(), "-p", "Name:", "-n", "40", "--seed", seed,
                                       "--temperature", "1", "--grammar", folder.path("g.gbnf"), "--quiet"});
    EXPECT_THAT(text, testing::ContainsRegex("^Name: ?[A-Z][a-z]+ c(at|ow)[.]"));
  }
  writeFile(folder.path("g.gbnf"), "root ::= \"a\n");
  const ProcessResult wrong =
      runCria({"run", storiesPackage(), "-p", "x", "--grammar", folder.path("g.gbnf")});
  EXPECT_EQ(wrong.exitCode, 2);
  EXPECT_THAT(wrong.errors, HasSubstr("line 2, column 1: expected '\"' at the end of a literal"));
}

TEST(SamplersOfRunTest, KeepToAJsonSchema) {
  const TemporaryFolder folder;
  writeFile(
      folder.path("s.json"),
      R"({"type": "object", "properties": {"age": {"type": "integer", "minimum": 10, "maximum": 99}}, "required": ["age"]})");
  const std::string text =
      outputOf({"run", storiesPackage(), "-p", "A", "-n", "90", "--seed", "4", "--temperature", "1",
                "--json-schema", folder.path("s.json"), "--quiet"});
  const json value = json::parse(text.substr(1), nullptr, false);
  ASSERT_TRUE(value.is_object()) << text;
  EXPECT_GE(value["age"], 10);
  writeFile(folder.path("s.json"), R"({"type": "string", "pattern": "^[A-C]{2}\\d$"})");
  EXPECT_THAT(outputOf({"run", storiesPackage(), "-p", "A", "-n", "90", "--seed", "4", "--temperature", "1",
                        "--json-schema", folder.path("s.json"), "--quiet"}),
              MatchesRegex("A\"[A-C][A-C][0-9]\"\n"));
  writeFile(folder.path("s.json"), R"({"type": "string", "pattern": "(?<=a)b"})");
  const ProcessResult wrong =
      runCria({"run", storiesPackage(), "-p", "x", "--json-schema", folder.path("s.json")});
  EXPECT_EQ(wrong.exitCode, 2);
  EXPECT_THAT(wrong.errors, HasSubstr("at '/pattern', character 4: lookbehind is not supported"));
}

TEST(PluginTestProgramTest, ReturnsTheResultAsExitCode) {
  const std::string program = std::string(CRIA_BINARY_DIR) + "/bin/cria-plugin-test";
  const std::string plugins = std::string(CRIA_BINARY_DIR) + "/plugins/";
  const ProcessResult passed = runProcess(program, {plugins + "cria_sampler_top_k.so", "--json"});
  EXPECT_EQ(passed.exitCode, 0) << passed.errors;
  EXPECT_EQ(json::parse(passed.output)[0]["verdict"], "passed");
  const TemporaryFolder folder; // nothing is expected any more
  writeFile(folder.path("none.json"), "{}");
  const ProcessResult failed = runProcess(program, {plugins + "cria_backend_null.so", "--expect",
                                                    folder.path("none.json"), "--filter", "ops/silu*"});
  EXPECT_EQ(failed.exitCode, 1);
  EXPECT_THAT(failed.output, AllOf(HasSubstr("failed            ops/silu/f32"), HasSubstr("expected")));
  EXPECT_EQ(runProcess(program, {plugins + "cria_backend_null.so", "--filter", "nothing"}).exitCode, 2);
  EXPECT_EQ(runProcess(program, {"/nowhere.so"}).exitCode, 2);
  EXPECT_EQ(runProcess(program, {}).exitCode, 2);
}

TEST(PluginTestProgramTest, ComparesModelsOfAPackage) {
  const std::string program = std::string(CRIA_BINARY_DIR) + "/bin/cria-plugin-test";
  const std::string plugins = std::string(CRIA_BINARY_DIR) + "/plugins/";
  const auto go = [&](const std::string &backend, const std::string &package) {
    return runProcess(program, {plugins + backend, "--package", package, "--filter", "package/*"});
  };
  const ProcessResult passed = go("cria_backend_cpu.so", storiesPackage());
  EXPECT_EQ(passed.exitCode, 0) << passed.output << passed.errors;
  EXPECT_THAT(passed.output, AllOf(HasSubstr("passed            package/cpu-x86-64-v3/batch"),
                                   HasSubstr("unsupported       package/ops/decode")));
  const ProcessResult computesNothing = go("cria_backend_null.so", storiesPackage());
  EXPECT_EQ(computesNothing.exitCode, 1);
  EXPECT_THAT(computesNothing.output, HasSubstr("failed            package/cpu-x86-64-v3/prefill"));
  const std::string one = compileModel(kStoriesCheckpoint, {"--target", "cpu-x86-64-v3"});
  const ProcessResult alone = go("cria_backend_cpu.so", one);
  EXPECT_EQ(alone.exitCode, 2);
  EXPECT_THAT(alone.errors, HasSubstr("expected a target 'ops'"));
}

TEST(VersionTest, NamesProjectCompilerAndAbi) {
  const std::string text = outputOf({"--version"});
  EXPECT_THAT(text, HasSubstr("cria "));
  EXPECT_THAT(text, HasSubstr("LLVM 22."));
  EXPECT_THAT(text, HasSubstr("plugin ABI: 1.0"));
}

// A package from a preset has no tokenizer: bench and logits work, run and chat are refused with the reason.
TEST(PresetTest, WithoutTokenizer) {
  const std::string package =
      compileModel("", {"--preset", "stories-260k", "--random-weights", "42", "--target", "ops"});
  EXPECT_THAT(outputOf({"logits", package, "--backend", "reference", "--tokens", "1,2"}),
              HasSubstr("1\t2\t"));
  for (const char *command : {"run", "chat"}) {
    std::vector<std::string> arguments = {command, package, "--backend", "reference"};
    if (std::string(command) == "run") {
      arguments.insert(arguments.end(), {"-p", "Once"});
    }
    const ProcessResult result = runCria(arguments);
    EXPECT_EQ(result.exitCode, 2);
    EXPECT_THAT(result.errors, HasSubstr("has no tokenizer"));
  }
}

} // namespace
} // namespace cria::test
