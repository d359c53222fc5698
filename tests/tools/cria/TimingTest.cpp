// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// --profile, --profile-json and --trace of run, bench and perplexity.
#include "StoriesPackage.h"
#include "tests/testing/TraceSlices.h"

#include <filesystem>
#include <gmock/gmock.h>
#include <map>
#include <sstream>

namespace cria::test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// A row of the table or of the JSON: entry, kernel, dispatches and milliseconds as the table prints them.
using KernelRow = std::vector<std::string>;

/// The rows of the table in the messages of a command.
std::vector<KernelRow> tableRows(const std::string &messages) {
  std::vector<KernelRow> rows;
  std::istringstream lines(messages.substr(std::min(messages.find("entry "), messages.size())));
  std::string line;
  std::getline(lines, line); // the header
  while (std::getline(lines, line) && !line.empty()) {
    std::istringstream words(line);
    KernelRow row(4);
    for (std::string &word : row) {
      words >> word;
    }
    rows.push_back(row);
  }
  return rows;
}

std::vector<KernelRow> jsonRows(const json &profile) {
  std::vector<KernelRow> rows;
  for (const json &kernel : profile["kernels"]) {
    char milliseconds[32];
    std::snprintf(milliseconds, sizeof(milliseconds), "%.2f", kernel["nanoseconds"].get<double>() / 1e6);
    rows.push_back({kernel["entry"], kernel["name"], kernel["dispatches"].dump(), milliseconds});
  }
  return rows;
}

/// What the kernels of one name and entry point did together.
struct Sums {
  uint64_t dispatches = 0, bytesRead = 0, bytesWritten = 0;
  bool operator==(const Sums &) const = default;
};
using SumsByKernel = std::map<std::pair<std::string, std::string>, Sums>;

SumsByKernel sumsOfProfile(const json &profile) {
  SumsByKernel sums;
  for (const json &kernel : profile["kernels"]) {
    sums[{kernel["entry"], kernel["name"]}] = {kernel["dispatches"], kernel["bytes_read"],
                                               kernel["bytes_written"]};
  }
  return sums;
}

SumsByKernel sumsOfTrace(const json &trace) {
  SumsByKernel sums;
  for (const ReadSlice &kernel : slicesOf(trace, "kernels")) {
    Sums &sum = sums[{kernel.arguments["entry"], kernel.name}];
    ++sum.dispatches;
    sum.bytesRead += kernel.arguments["bytes_read"].get<uint64_t>();
    sum.bytesWritten += kernel.arguments["bytes_written"].get<uint64_t>();
  }
  return sums;
}

/// Runs a command with all three options.
struct TimedRun {
  explicit TimedRun(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--profile", "--profile-json", folder.path("p.json"), "--trace",
                                       folder.path("t.json")});
    result = runCria(arguments);
    EXPECT_EQ(result.exitCode, 0) << result.errors;
    profile = json::parse(readFile(folder.path("p.json")));
    trace = json::parse(readFile(folder.path("t.json")));
  }

  TemporaryFolder folder;
  ProcessResult result;
  json profile, trace;
};

void expectConsistent(const TimedRun &run) {
  EXPECT_GT(run.profile["kernels"].size(), 5u);
  EXPECT_EQ(tableRows(run.result.errors), jsonRows(run.profile));
  EXPECT_EQ(sumsOfTrace(run.trace), sumsOfProfile(run.profile));
  const std::vector<ReadSlice> steps = slicesOf(run.trace, "steps");
  for (const char *track : {"steps", "kernels", "host"}) {
    expectInOrder(slicesOf(run.trace, track));
  }
  expectWithin(slicesOf(run.trace, "kernels"), steps);
}

std::vector<std::string> runArguments(const std::string &count) {
  return {"run", storiesPackage(), "-p", "Once upon a time", "-n", count, "--temperature", "0"};
}

TEST(TimingTest, RunHasAStepForEachToken) {
  const TimedRun run(runArguments("8"));
  expectConsistent(run);
  EXPECT_EQ(run.result.output, runCria(runArguments("8")).output);
  const std::vector<ReadSlice> steps = slicesOf(run.trace, "steps");
  ASSERT_EQ(steps.size(), 8u);
  EXPECT_EQ(steps[0].name, "prefill");
  EXPECT_EQ(steps[0].arguments["tokens"], 5); // with BOS
  for (size_t i = 1; i < steps.size(); ++i) {
    EXPECT_EQ(steps[i].name, "decode");
    EXPECT_EQ(steps[i].arguments["tokens"], 1);
    EXPECT_EQ(steps[i].arguments["context"], 5 + i);
  }
  const std::vector<ReadSlice> host = slicesOf(run.trace, "host");
  for (const auto &[name, count] :
       {std::pair("open model", 1u), std::pair("tokenize", 1u), std::pair("choose token", 8u),
        std::pair("deliver", 8u), std::pair("wait for step", 8u)}) {
    EXPECT_EQ(slicesNamed(host, name).size(), count) << name;
  }
}

TEST(TimingTest, KernelsOfAStepNameTheirLayers) {
  const TimedRun run(runArguments("2"));
  std::map<int, size_t> dispatches; // by layer, of the step of decoding
  for (const ReadSlice &kernel : slicesOf(run.trace, "kernels")) {
    if (kernel.arguments["entry"] == "decode") {
      ++dispatches[kernel.arguments.value("layer", -1)];
    }
  }
  ASSERT_EQ(dispatches.size(), 7u) << "six layers, and what is outside of them";
  for (int layer = 1; layer < 6; ++layer) {
    EXPECT_EQ(dispatches[layer], dispatches[0]) << layer;
  }
}

TEST(TimingTest, BenchKeepsItsRows) {
  const TimedRun run({"bench", storiesPackage(), "--prompt", "16", "--generate", "3", "--batch", "2",
                      "--repetitions", "1", "--json"});
  expectConsistent(run);
  EXPECT_EQ(json::parse(run.result.output).size(), 2u);
  const std::vector<ReadSlice> steps = slicesOf(run.trace, "steps");
  ASSERT_EQ(steps.size(), 2u + 2 * 3) << "each repetition, and one before that is not counted";
  EXPECT_EQ(steps[0].arguments["tokens"], 32);
  EXPECT_EQ(steps[0].arguments["sequences"], 2);
  EXPECT_EQ(steps.back().arguments["entry"], "small");
}

TEST(TimingTest, PerplexityScoresTheSame) {
  const TemporaryFolder folder;
  writeFile(folder.path("text.txt"), "Once upon a time there was a small dog.");
  const std::vector<std::string> arguments = {"perplexity", storiesPackage(), folder.path("text.txt")};
  const TimedRun run(arguments);
  expectConsistent(run);
  EXPECT_EQ(run.result.output, runCria(arguments).output);
}

TEST(TimingTest, ManyRequestsShareSteps) {
  const TemporaryFolder folder;
  writeFile(folder.path("rows.jsonl"), "{\"prompt\": \"Once\"}\n{\"prompt\": \"The dog\"}\n");
  const TimedRun run(
      {"run", storiesPackage(), "--prompts", folder.path("rows.jsonl"), "-n", "3", "--temperature", "0"});
  expectConsistent(run);
  EXPECT_EQ(slicesOf(run.trace, "steps").back().arguments["sequences"], 2);
  const std::vector<ReadSlice> host = slicesOf(run.trace, "host");
  EXPECT_EQ(slicesNamed(host, "read requests").size(), 1u);
  EXPECT_EQ(slicesNamed(host, "choose token").size(), 6u);
}

TEST(TimingTest, WritesOnlyWhatIsAskedFor) {
  const TemporaryFolder folder;
  std::vector<std::string> arguments = runArguments("2");
  arguments.insert(arguments.end(), {"--profile-json", folder.path("p.json")});
  const ProcessResult result = runCria(arguments);
  EXPECT_EQ(result.exitCode, 0) << result.errors;
  EXPECT_THAT(result.errors, Not(HasSubstr("kernel")));
  EXPECT_FALSE(json::parse(readFile(folder.path("p.json")))["kernels"].empty());
}

TEST(TimingTest, AFileThatCannotBeWrittenIsAnError) {
  for (const char *option : {"--trace", "--profile-json"}) {
    const auto with = [&](const std::string &file) {
      std::vector<std::string> arguments = runArguments("2");
      arguments.insert(arguments.end(), {option, file});
      return runCria(arguments);
    };
    const ProcessResult full = with("/dev/full");
    EXPECT_EQ(full.exitCode, 2) << option;
    EXPECT_THAT(full.output, HasSubstr("Once upon a time")) << option;
    EXPECT_THAT(full.errors, HasSubstr("/dev/full: cannot write: No space left")) << option;
    EXPECT_THAT(with("/nowhere/t.json").errors, HasSubstr("/nowhere/t.json")) << option;
    const ProcessResult standard = with("-");
    EXPECT_EQ(standard.exitCode, 2) << option;
    EXPECT_THAT(standard.errors, AllOf(HasSubstr(option), HasSubstr("expected the name of a file, got '-'")));
  }
}

TEST(TimingTest, RefusesOptionsThatExcludeEachOther) {
  const TemporaryFolder folder;
  std::vector<std::string> arguments = runArguments("2");
  arguments.insert(arguments.end(), {"--trace", folder.path("x"), "--profile-json", folder.path("x")});
  const ProcessResult same = runCria(arguments);
  EXPECT_EQ(same.exitCode, 2);
  EXPECT_THAT(same.errors, HasSubstr("expected two files, got '" + folder.path("x")));
  const ProcessResult kernels =
      runCria({"bench", storiesPackage(), "--kernels", "--trace", folder.path("x")});
  EXPECT_EQ(kernels.exitCode, 2);
  EXPECT_THAT(kernels.errors, HasSubstr("--trace"));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

// The interrupt comes when the first of many results is written.
TEST(TimingTest, AnInterruptedTraceIsComplete) {
  const TemporaryFolder folder;
  std::string rows = "{\"prompt\": \"Once\", \"max_tokens\": 1}\n";
  for (int i = 0; i < 300; ++i) {
    rows += "{\"prompt\": \"Once upon a time\", \"max_tokens\": 200}\n";
  }
  writeFile(folder.path("rows.jsonl"), rows);
  const std::string output = folder.path("out");
  const ProcessResult result = runProcess(
      "/bin/bash",
      {"-c", CRIA_BINARY_DIR "/bin/cria run " + storiesPackage() + " --backend reference --prompts " +
                 folder.path("rows.jsonl") + " --trace " + folder.path("t.json") + " --profile-json " +
                 folder.path("p.json") + " >" + output + " & until [[ -s " + output +
                 " ]]; do sleep 0.05; done; kill -INT $!; wait $!; echo code $? >&2"});
  EXPECT_THAT(result.errors, HasSubstr("code 130"));
  const json trace = json::parse(readFile(folder.path("t.json")));
  EXPECT_FALSE(slicesOf(trace, "steps").empty());
  expectWithin(slicesOf(trace, "kernels"), slicesOf(trace, "steps"));
  EXPECT_EQ(sumsOfTrace(trace), sumsOfProfile(json::parse(readFile(folder.path("p.json")))));
  for (const auto &entry : std::filesystem::directory_iterator(folder.path())) {
    EXPECT_THAT(entry.path().filename().string(), Not(HasSubstr(".tmp-")));
  }
}

} // namespace
} // namespace cria::test
