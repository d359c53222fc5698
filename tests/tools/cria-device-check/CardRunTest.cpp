// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// card/run.sh with lines and tools of the test, in an environment of bash and coreutils alone: limits,
// skipped lines, and what is left when a signal ends it.
#include "tests/testing/Process.h"

#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace cria::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

/// A folder as ./dev card makes it, with `check` alone, and a folder with the commands that the script needs.
class CardRunTest : public testing::Test {
protected:
  void SetUp() override {
    fs::create_directories(folder_.path("card/check/speed"));
    fs::create_directory(folder_.path("bin"));
    for (const char *name : {"run.sh", "predictions.json"}) {
      fs::copy(std::string(CRIA_SOURCE_DIR "/tools/cria-device-check/card/") + name, folder_.path("card"));
    }
    fs::create_symlink(CRIA_BINARY_DIR "/check/check", folder_.path("card/check/check"));
    for (const char *name : {"bash", "cat", "date", "dirname", "env", "mkdir", "mv", "sleep", "timeout"}) {
      fs::create_symlink(fs::exists(fs::path("/usr/bin") / name) ? fs::path("/usr/bin") / name
                                                                 : fs::path("/bin") / name,
                         folder_.path(std::string("bin/") + name));
    }
  }

  /// What starts the script in a bare environment. results: a path, or a variable of bash.
  std::string commandWith(const std::string &results) {
    return "env -i PATH=" + folder_.path("bin") + " " + folder_.path("card/run.sh") + " --lines " +
           folder_.path("lines") + " --results " + results + " ";
  }
  std::string commandFor(const std::string &lines, const std::string &more = "") {
    writeFile(folder_.path("lines"), lines);
    return commandWith(folder_.path("results")) + more;
  }
  ProcessResult run(const std::string &lines, const std::string &more = "") {
    return runProcess("/bin/bash", {"-c", "exec " + commandFor(lines, more)});
  }
  json readJson(const std::string &name) { return json::parse(readFile(folder_.path("results/" + name))); }
  json line(const std::string &name) { return readJson(name + ".line"); }

  TemporaryFolder folder_;
};

TEST_F(CardRunTest, KeepsWhatEachLineDoes) {
  const ProcessResult result = run("# a comment\n\n"
                                   "good 5 none echo text; echo '[{\"phase\": \"decode\"}]' >\"$JSON\"\n"
                                   "bad 5 none echo \"a \\\"quoted\\\" text\" >&2; exit 7\n");
  EXPECT_EQ(result.exitCode, 1) << result.output << result.errors;
  EXPECT_EQ(readFile(folder_.path("results/good.out")), "text\n");
  EXPECT_EQ(readJson("good.json")[0].at("phase"), "decode");
  EXPECT_EQ(line("good").at("outcome"), "ok");
  EXPECT_EQ(line("bad").at("outcome"), "failed");
  EXPECT_EQ(line("bad").at("exit_code"), 7);
  EXPECT_EQ(readFile(folder_.path("results/bad.err")), "a \"quoted\" text\n");
  EXPECT_EQ(readJson("card.json").at("lines").size(), 2u);
  EXPECT_THAT(result.output, HasSubstr("prediction"));
}

TEST_F(CardRunTest, GivesTheNameOfResultsToValidJsonOnly) {
  EXPECT_EQ(run("half 5 none printf '[{\"ph' >\"$JSON\"\nnone 5 none true\n").exitCode, 0);
  EXPECT_FALSE(fs::exists(folder_.path("results/half.json")));
  EXPECT_EQ(readFile(folder_.path("results/half.json.part")), "[{\"ph");
  EXPECT_FALSE(fs::exists(folder_.path("results/none.json")));
  EXPECT_TRUE(readJson("card.json").at("lines")[0].at("result").is_null());
}

TEST_F(CardRunTest, CutsALineThatHangs) {
  const ProcessResult result = run("hang 1 none echo started; exec sleep 60\nnext 5 none echo done\n");
  EXPECT_EQ(result.exitCode, 1);
  EXPECT_EQ(line("hang").at("outcome"), "cut");
  EXPECT_LT(line("hang").at("seconds"), 5);
  EXPECT_THAT(line("hang").at("reason").get<std::string>(), HasSubstr("did not end within 1.0"));
  EXPECT_EQ(readFile(folder_.path("results/hang.out")), "started\n");
  EXPECT_EQ(line("next").at("outcome"), "ok");
}

TEST_F(CardRunTest, SkipsALineWithoutItsToolAndGivesItsTimeToLaterLines) {
  const ProcessResult result = run("absent 9 no-such-tool no-such-tool\nlong 1 none sleep 1.5\n");
  EXPECT_EQ(result.exitCode, 0) << result.output << result.errors;
  EXPECT_EQ(line("absent").at("outcome"), "skipped");
  EXPECT_EQ(line("absent").at("reason"), "no-such-tool is not in PATH");
  EXPECT_EQ(line("long").at("outcome"), "ok");
}

TEST_F(CardRunTest, RunsALineWithItsTool) {
  writeFile(folder_.path("bin/nvidia-smi"), "#!/usr/bin/env bash\necho driver 580 \"$@\"\n");
  fs::permissions(folder_.path("bin/nvidia-smi"), fs::perms::owner_all);
  EXPECT_EQ(run("smi 5 nvidia-smi nvidia-smi -q\n").exitCode, 0);
  EXPECT_EQ(readFile(folder_.path("results/smi.out")), "driver 580 -q\n");
}

TEST_F(CardRunTest, RunsALineForEachVariant) {
  writeFile(folder_.path("card/check/speed/variants"), "# a comment\none a.cria --target x\ntwo b.cria\n");
  EXPECT_EQ(run("variant-* 10 none echo \"$PACKAGE\" $OPTIONS\n").exitCode, 0);
  EXPECT_EQ(readFile(folder_.path("results/variant-one.out")),
            folder_.path("card/check/speed/a.cria") + " --target x\n");
  EXPECT_EQ(readFile(folder_.path("results/variant-two.out")), folder_.path("card/check/speed/b.cria\n"));
  EXPECT_EQ(line("variant-one").at("limit_seconds"), 5);
}

TEST_F(CardRunTest, SkipsWhatHasNoTimeLeft) {
  EXPECT_EQ(run("long 9 none exec sleep 60\nnext 9 none echo done\n", "--seconds 2").exitCode, 1);
  EXPECT_EQ(line("long").at("outcome"), "cut");
  EXPECT_EQ(line("next").at("reason"), "no time left");
}

constexpr const char *kInterrupted = "good 5 none echo '{\"rows\": []}' >\"$JSON\"\n"
                                     "slow 10 none echo '{\"rows\": []}' >\"$JSON\"; exec sleep 15\n"
                                     "never 5 none true\n";

TEST_F(CardRunTest, LeavesASummaryWhenASignalEndsIt) {
  const ProcessResult result =
      runProcess("/bin/bash", {"-c", commandFor(kInterrupted) + " & while [[ ! -e " +
                                         folder_.path("results/slow.json.part") +
                                         " ]]; do sleep 0.1; done; kill -TERM $!; wait $!"});
  EXPECT_EQ(result.exitCode, 143) << result.errors;
  const json summary = readJson("card.json");
  ASSERT_EQ(summary.at("lines").size(), 2u);
  EXPECT_EQ(summary.at("lines")[0].at("outcome"), "ok");
  EXPECT_EQ(summary.at("lines")[1].at("outcome"), "cut");
  EXPECT_TRUE(summary.at("lines")[1].at("result").is_object()) << "what the line had measured";
  EXPECT_FALSE(fs::exists(folder_.path("results/never.line")));
  EXPECT_THAT(readFile(folder_.path("results/card.txt")),
              HasSubstr("a signal ended the run during this line"));
}

// Nothing can be written then; what is there must do.
TEST_F(CardRunTest, LeavesValidJsonWhenItIsKilled) {
  runProcess("/bin/bash",
             {"-c", commandFor(kInterrupted) + " & while [[ ! -e " + folder_.path("results/slow.json.part") +
                        " ]]; do sleep 0.1; done; kill -KILL $!; wait $!"});
  EXPECT_EQ(readJson("card.json").at("lines").size(), 1u);
  EXPECT_FALSE(fs::exists(folder_.path("results/slow.json"))) << "it was still being written";
  EXPECT_EQ(line("slow").at("reason"), "the run ended during this line");
  EXPECT_TRUE(readJson("good.json").is_object());
}

// Runs the lines once for each signal and delay, all at once, and ends each run that long after the line has
// begun. A line outlives a script that is killed; cat waits for it.
std::string scriptThatKills(const std::string &command, const std::string &line) {
  return "for signal in TERM KILL; do for delay in 0 0.2 0.4; do ( results=$0/" + line + "-$signal-$delay; " +
         command + " 9>&1 >/dev/null 2>&1 & while [[ ! -e $results/" + line +
         ".out ]]; do sleep 0.02; done; sleep $delay; kill -$signal $!; wait $! ) 2>/dev/null & done; done | "
         "cat";
}

TEST_F(CardRunTest, LeavesValidJsonWhereverItIsKilled) {
  writeFile(folder_.path("lines"),
            "whole 5 none sleep 0.2; echo '[{\"phase\": \"decode\"}]' >\"$JSON\"; sleep 0.3\n"
            "slow 5 none printf '[{\"ph' >\"$JSON\"; sleep 0.3; printf 'ase\": 1}]' >>\"$JSON\"; sleep 0.2\n"
            "broken 5 none sleep 0.2; printf '{\"rows\": [' >\"$JSON\"; sleep 0.3; exit 3\n");
  for (const char *line : {"whole", "slow", "broken"}) {
    runProcess("/bin/bash", {"-c", scriptThatKills(commandWith("$results"), line), folder_.path("killed")});
  }
  int summaries = 0, begun = 0;
  for (const fs::directory_entry &file : fs::recursive_directory_iterator(folder_.path("killed"))) {
    if (file.path().extension() == ".json" || file.path().extension() == ".line") {
      EXPECT_TRUE(json::accept(readFile(file.path().string()))) << file.path();
    }
    summaries += file.path().filename() == "card.json" ? 1 : 0;
    begun += file.path().filename() == "whole.line" ? 1 : 0;
  }
  EXPECT_EQ(summaries, 18);
  EXPECT_EQ(begun, 18);
}

TEST_F(CardRunTest, RefusesWhatItCannotUse) {
  const auto expectRefusal = [&](const std::string &lines, const std::string &more, const char *part) {
    const ProcessResult result = run(lines, more);
    EXPECT_EQ(result.exitCode, 2) << result.output;
    EXPECT_THAT(result.errors, HasSubstr(part));
  };
  expectRefusal("good 5\n", "", "expected NAME SECONDS TOOL COMMAND");
  expectRefusal("good five none true\n", "", "expected NAME SECONDS TOOL COMMAND");
  expectRefusal("", "", "expected lines, found none");
  expectRefusal("good 5 none true\n", "--seconds soon", "expected a number of seconds, got 'soon'");
  expectRefusal("good 5 none true\n", "--rehearse /nowhere", "expected a simulated driver at");
  fs::create_directory(folder_.path("results"));
  writeFile(folder_.path("results/mine"), "text");
  expectRefusal("good 5 none true\n", "", "expected an empty folder for the results");
}

} // namespace
} // namespace cria::test
