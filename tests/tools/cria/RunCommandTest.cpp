// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria run on the shipped model: text, limits, stops, log-probabilities, many prompts, checkpoints.
#include "StoriesPackage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sstream>

namespace cria::test {
namespace {

using nlohmann::json;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

const std::string kPrompt = "Once upon a time";

ProcessResult run(std::vector<std::string> arguments, const std::string &input = "") {
  arguments.insert(arguments.begin(), {"run", storiesPackage()});
  return runCria(arguments, input);
}

json runJson(std::vector<std::string> arguments) {
  arguments.push_back("--json");
  const ProcessResult result = run(arguments);
  EXPECT_EQ(result.exitCode, 0) << result.errors;
  return json::parse(result.output);
}

std::vector<json> lines(const std::string &text) {
  std::vector<json> rows;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    rows.push_back(json::parse(line));
  }
  return rows;
}

TEST(RunCommandTest, GeneratesAStoryToItsEnd) {
  const ProcessResult result = run({"-p", kPrompt, "--temperature", "0"});
  EXPECT_EQ(result.exitCode, 0) << result.errors;
  EXPECT_THAT(result.output, StartsWith(kPrompt));
  EXPECT_GT(result.output.size(), 200u);
  EXPECT_THAT(result.errors, HasSubstr("ended by eos"));
}

TEST(RunCommandTest, PromptFromAFileAndFromStandardInput) {
  const TemporaryFolder folder;
  writeFile(folder.path("prompt.txt"), kPrompt);
  const std::string expected = run({"-p", kPrompt, "--temperature", "0", "-n", "20"}).output;
  EXPECT_EQ(run({"-f", folder.path("prompt.txt"), "--temperature", "0", "-n", "20"}).output, expected);
  EXPECT_EQ(run({"-f", "-", "--temperature", "0", "-n", "20"}, kPrompt).output, expected);
}

TEST(RunCommandTest, AFileLosesItsLastLineBreakAndByteOrderMark) {
  const TemporaryFolder folder;
  const auto promptOf = [&](const std::string &text) {
    writeFile(folder.path("prompt.txt"), text);
    return runJson({"-f", folder.path("prompt.txt"), "--temperature", "0", "-n", "1"})["prompt"];
  };
  EXPECT_EQ(promptOf("Once\n"), "Once");
  EXPECT_EQ(promptOf("Once\r\n"), "Once");
  EXPECT_EQ(promptOf("Once\n\n"), "Once\n");
  EXPECT_EQ(promptOf("Once\r"), "Once\r");
  EXPECT_EQ(promptOf("\xEF\xBB\xBFOnce \n"), "Once ");
  EXPECT_EQ(runJson({"-p", "Once\n", "--temperature", "0", "-n", "1"})["prompt"], "Once\n");
}

TEST(RunCommandTest, QuietPrintsNoMessagesAndNoEchoOmitsThePrompt) {
  const ProcessResult result = run({"-p", kPrompt, "--temperature", "0", "-n", "5", "--quiet", "--no-echo"});
  EXPECT_EQ(result.errors, "");
  EXPECT_THAT(result.output, testing::Not(HasSubstr(kPrompt)));
}

TEST(RunCommandTest, EndsAtMaxTokens) {
  const json result = runJson({"-p", kPrompt, "--temperature", "0", "-n", "7"});
  EXPECT_EQ(result["generated_tokens"], 7);
  EXPECT_EQ(result["finish_reason"], "length");
}

TEST(RunCommandTest, EndsBeforeAStopText) {
  const std::string whole = runJson({"-p", kPrompt, "--temperature", "0"})["text"];
  const std::string stop = whole.substr(20, 6);
  const json result = runJson({"-p", kPrompt, "--temperature", "0", "--stop", stop});
  EXPECT_EQ(result["finish_reason"], "stop");
  EXPECT_EQ(result["text"], whole.substr(0, whole.find(stop)));
}

TEST(RunCommandTest, ContinuesPastTheEndOfText) {
  const json normal = runJson({"-p", kPrompt, "--temperature", "0"});
  const json ignoring = runJson({"-p", kPrompt, "--temperature", "0", "--ignore-eos"});
  EXPECT_EQ(ignoring["finish_reason"], "context");
  EXPECT_GT(ignoring["generated_tokens"], normal["generated_tokens"]);
  const int more = normal["generated_tokens"].get<int>() + 10;
  const json longer = runJson({"-p", kPrompt, "--temperature", "0", "--min-tokens", std::to_string(more)});
  EXPECT_GE(longer["generated_tokens"], more);
}

TEST(RunCommandTest, AGrammarWithoutMoreEndsATextThatIgnoresEnds) {
  const TemporaryFolder folder;
  writeFile(folder.path("ab"), R"(root ::= "a" "b")");
  writeFile(folder.path("many"), R"(root ::= "a"+)");
  const auto with = [&](const std::string &grammar, const std::string &temperature) {
    return runJson({"-p", kPrompt, "--temperature", temperature, "--seed", "1", "-n", "20", "--ignore-eos",
                    "--grammar", folder.path(grammar)});
  };
  const json ab = with("ab", "0");
  EXPECT_EQ(ab["text"], "ab");
  EXPECT_EQ(ab["finish_reason"], "eos");
  const json many = with("many", "100"); // the end is as likely as each "a"
  EXPECT_EQ(many["generated_tokens"], 20);
  EXPECT_EQ(many["finish_reason"], "length");
}

TEST(RunCommandTest, LogprobsAreOfTheRawLogits) {
  const json greedy = runJson({"-p", kPrompt, "--temperature", "0", "-n", "5", "--logprobs", "3"});
  const json sampled =
      runJson({"-p", kPrompt, "--temperature", "0.01", "--seed", "1", "-n", "5", "--logprobs", "3"});
  EXPECT_EQ(greedy["logprobs"],
            sampled["logprobs"]); // the temperature changes the choice, not what is reported
  for (const json &token : greedy["logprobs"]) {
    ASSERT_EQ(token["top"].size(), 3u);
    EXPECT_EQ(token["top"][0]["id"], token["id"]);
    EXPECT_LE(token["logprob"].get<double>(), 0);
    EXPECT_GE(token["top"][0]["logprob"], token["top"][1]["logprob"]);
  }
}

TEST(RunCommandTest, ASeedGivesTheSameTextAgain) {
  const std::vector<std::string> arguments = {"-p", kPrompt, "--temperature", "1.5", "--seed", "5",
                                              "-n", "40"};
  std::vector<std::string> other = arguments;
  other[5] = "6";
  EXPECT_EQ(runJson(arguments)["text"], runJson(arguments)["text"]);
  EXPECT_NE(runJson(arguments)["text"], runJson(other)["text"]);
}

TEST(RunCommandTest, NamesTheSeedThatItChose) {
  const ProcessResult first = run({"-p", kPrompt, "--temperature", "1.5", "-n", "20"});
  const size_t at = first.errors.find(", seed ");
  ASSERT_NE(at, std::string::npos) << first.errors;
  const std::string seed = first.errors.substr(at + 7, first.errors.find('\n', at) - at - 7);
  const ProcessResult again = run({"-p", kPrompt, "--temperature", "1.5", "-n", "20", "--seed", seed});
  EXPECT_EQ(again.output, first.output);
  EXPECT_THAT(again.errors, testing::Not(HasSubstr("seed")));
  const ProcessResult greedy = run({"-p", kPrompt, "--temperature", "0", "-n", "20"});
  EXPECT_THAT(greedy.errors, testing::Not(HasSubstr("seed")));
}

TEST(RunCommandTest, HelpNamesTheMembersOfPromptsAndTheTemplate) {
  const std::string help = runCria({"run", "--help"}).output;
  for (const char *text :
       {"chat template", "cria chat", "\"prompt\"", "\"max_tokens\"", "\"seed\"", "\"stop\""}) {
    EXPECT_THAT(help, HasSubstr(text));
  }
}

TEST(RunCommandTest, ASamplerChain) {
  const std::string chain = "top_k(40)|top_p(0.95)|temperature(0.8)";
  EXPECT_EQ(runJson({"-p", kPrompt, "--sampler", "top_k(1)|draw", "-n", "20"})["text"],
            runJson({"-p", kPrompt, "--sampler", "greedy", "-n", "20"})["text"]);
  EXPECT_EQ(runJson({"-p", kPrompt, "--sampler", chain, "--seed", "1", "-n", "20"})["generated_tokens"], 20);
}

// Batched text equals one-at-a-time text, also when tokens are drawn.
TEST(RunCommandTest, ManyPromptsEqualOneAtATime) {
  const TemporaryFolder folder;
  const std::vector<std::string> prompts = {"Once upon a time",
                                            "One day,",
                                            "There was a",
                                            "Long ago",
                                            "Far away, by the sea,",
                                            "In the village",
                                            "Mia",
                                            "Tom was a small bear.",
                                            "This is the story of",
                                            "A"};
  std::string file;
  for (size_t i = 0; i < prompts.size(); ++i) {
    file += json({{"prompt", prompts[i]}, {"seed", i}, {"max_tokens", 20 + 7 * i}}).dump() + "\n";
  }
  writeFile(folder.path("prompts.jsonl"), file);
  const ProcessResult many = run({"--prompts", folder.path("prompts.jsonl"), "--temperature", "0.9"});
  ASSERT_EQ(many.exitCode, 0) << many.errors;
  const std::vector<json> rows = lines(many.output);
  ASSERT_EQ(rows.size(), prompts.size());
  for (size_t i = 0; i < prompts.size(); ++i) {
    const json alone = runJson({"-p", prompts[i], "--temperature", "0.9", "--seed", std::to_string(i), "-n",
                                std::to_string(20 + 7 * i)});
    EXPECT_EQ(rows[i]["text"], alone["text"]) << prompts[i];
    EXPECT_EQ(rows[i]["finish_reason"], alone["finish_reason"]);
  }
}

/// Runs many requests, sends a signal when the first result is written, and prints "code N" at the end.
ProcessResult runManyAndSend(const std::string &signal) {
  const TemporaryFolder folder;
  std::string file = "{\"prompt\": \"Once\", \"max_tokens\": 1}\n";
  for (int i = 0; i < 3000; ++i) {
    file += "{\"prompt\": \"Once upon a time\", \"max_tokens\": 200}\n";
  }
  writeFile(folder.path("rows.jsonl"), file);
  const std::string output = folder.path("out");
  return runProcess("/bin/bash",
                    {"-c", CRIA_BINARY_DIR "/bin/cria run " + storiesPackage() +
                               " --backend reference --prompts " + folder.path("rows.jsonl") + " >" + output +
                               " & until [[ -s " + output + " ]]; do sleep 0.05; done; kill -" + signal +
                               " $!; wait $!; echo code $? >&2; cat " + output});
}

// Results are written as they are done and in order. A request to end keeps them.
TEST(RunCommandTest, ASignalKeepsTheResultsThatAreDone) {
  for (const auto &[signal, code] :
       {std::pair("TERM", "code 143"), std::pair("HUP", "code 129"), std::pair("INT", "code 130")}) {
    const ProcessResult result = runManyAndSend(signal);
    EXPECT_THAT(result.errors, HasSubstr(code)) << signal;
    EXPECT_THAT(result.errors, HasSubstr("of 3001 requests have ended")) << signal;
    const std::vector<json> rows = lines(result.output);
    ASSERT_EQ(rows.size(), 3001u) << signal;
    EXPECT_EQ(rows[0]["finish_reason"], "length") << signal;
    EXPECT_EQ(rows[3000]["finish_reason"], "cancelled") << signal;
    for (size_t i = 0; i < rows.size(); ++i) {
      EXPECT_EQ(rows[i]["index"], i) << signal;
    }
  }
}

// Nothing can be cleaned up after SIGKILL, but what is written is written.
TEST(RunCommandTest, AKillKeepsTheResultsThatAreDone) {
  const ProcessResult result = runManyAndSend("KILL");
  EXPECT_THAT(result.errors, HasSubstr("code 137"));
  const std::vector<json> rows = lines(result.output);
  ASSERT_FALSE(rows.empty());
  EXPECT_EQ(rows[0]["finish_reason"], "length");
}

TEST(RunCommandTest, EndsWhenResultsCannotBeWritten) {
  const TemporaryFolder folder;
  std::string file;
  for (int i = 0; i < 3000; ++i) {
    file += "{\"prompt\": \"Once upon a time\", \"max_tokens\": 10}\n";
  }
  writeFile(folder.path("rows.jsonl"), file);
  const ProcessResult result = runProcess(
      "/bin/bash", {"-c", CRIA_BINARY_DIR "/bin/cria run " + storiesPackage() +
                              " --backend reference --prompts " + folder.path("rows.jsonl") + " >/dev/full"});
  EXPECT_EQ(result.exitCode, 2);
  EXPECT_THAT(result.errors, HasSubstr("cannot write to standard output"));
}

TEST(RunCommandTest, TheReferenceBackendGeneratesTheSameText) {
  const json cpu = runJson({"-p", kPrompt, "--temperature", "0", "-n", "12"});
  const json reference = runJson({"-p", kPrompt, "--temperature", "0", "-n", "12", "--backend", "reference"});
  EXPECT_EQ(reference["text"], cpu["text"]);
}

TEST(RunCommandTest, DefaultsOfTheCheckpointApplyUnlessAnOptionReplacesThem) {
  const TemporaryFolder folder;
  const std::string model = folder.path("model"), package = folder.path("model.cria");
  std::filesystem::copy(kStoriesCheckpoint, model);
  writeFile(model + "/generation_config.json",
            R"({"repetition_penalty": 1.4, "max_new_tokens": 12, "num_beams": 4, "length_penalty": 2.0})");
  const ProcessResult compiled = runCria({"compile", model, "-o", package, "--target", "ops"});
  EXPECT_THAT(compiled.errors, HasSubstr("generation_config.json: not applied: 'num_beams' = 4 (Cria"));
  const auto textOf = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"run", package, "-p", kPrompt, "--backend", "reference", "--quiet"});
    return runCria(arguments).output;
  };
  EXPECT_EQ(textOf({}), textOf({"--sampler", "penalties(last_n=-1, repeat=1.4)|greedy", "-n", "12"}));
  EXPECT_EQ(textOf({"--repetition-penalty", "1"}), textOf({"--sampler", "greedy", "-n", "12"}));
  EXPECT_NE(textOf({}), textOf({"--repetition-penalty", "1"}));
}

} // namespace
} // namespace cria::test
