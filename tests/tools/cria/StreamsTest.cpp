// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The programs with standard streams that are full, closed or interrupted, and their output files.
#include "StoriesPackage.h"
#include "tests/testing/PseudoTerminal.h"

#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace cria::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

const std::string kCria = CRIA_BINARY_DIR "/bin/cria";

/// Runs cria in a shell with `redirection` applied to it.
ProcessResult redirected(const std::string &redirection, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"-c", "exec \"$@\" " + redirection, "bash", kCria});
  return runProcess("/bin/bash", arguments);
}

TEST(StreamsTest, UnwrittenOutputIsAnError) {
  const std::vector<std::vector<std::string>> commands = {
      {"plugins"},
      {"--version"},
      {"--help"},
      {"run", "--help"},
      {"cache", "list", "--json"},
      {"tokenize", kStoriesCheckpoint, "x"},
      {"compile", "--help"},
      {"compile", kStoriesCheckpoint, "--emit", "import"}};
  for (const std::vector<std::string> &command : commands) {
    const TemporaryFolder cache;
    const ProcessResult full = redirected(">/dev/full", command);
    EXPECT_EQ(full.exitCode, 2) << command[0];
    EXPECT_THAT(full.errors, HasSubstr("standard output")) << command[0];
  }
  EXPECT_EQ(redirected(">&-", {"plugins"}).exitCode, 2);
}

// As for other tools, also where the parent ignores SIGPIPE.
TEST(StreamsTest, AClosedPipeEndsACommandQuietly) {
  const std::string commands[] = {"run " + storiesPackage() + " -p Once --temperature 0 -q",
                                  "compile " + kStoriesCheckpoint + " --emit import", "plugins"};
  for (const std::string &command : commands) {
    for (const char *ignoring : {"", "trap '' PIPE; "}) {
      const std::string line =
          ignoring + ("(sleep 0.5; exec " + kCria + " " + command + ") | true; echo ${PIPESTATUS[0]}");
      const ProcessResult result = runProcess("/bin/bash", {"-c", line});
      EXPECT_EQ(result.output, "141\n") << line;
      EXPECT_EQ(result.errors, "") << line;
    }
  }
}

TEST(StreamsTest, MessagesThatCannotBeWrittenAreNoError) {
  for (const char *redirection : {"2>/dev/full", "2>&-"}) {
    const ProcessResult run =
        redirected(redirection, {"run", storiesPackage(), "-p", "Once", "-n", "2", "--temperature", "0"});
    EXPECT_EQ(run.exitCode, 0) << redirection;
    EXPECT_THAT(run.output, testing::StartsWith("Once")) << redirection;
    EXPECT_EQ(redirected(redirection, {"run", "absent", "-p", "x"}).exitCode, 2) << redirection;
    const TemporaryFolder folder;
    const std::string package = folder.path("m.cria");
    const std::vector<std::string> compile = {"compile", kStoriesCheckpoint, "--target", "ops", "-o",
                                              package,   "--verbose"};
    EXPECT_EQ(redirected(redirection, compile).exitCode, 0);
    EXPECT_TRUE(fs::exists(package + "/manifest.json"));
  }
}

// A file must not get the descriptor of a closed stream.
TEST(StreamsTest, AClosedInputIsTheEndOfAChat) {
  const ProcessResult chat = redirected("<&-", {"chat", storiesPackage(), "-q"});
  EXPECT_EQ(chat.exitCode, 0) << chat.errors;
  EXPECT_EQ(chat.output, "");
}

TEST(StreamsTest, AFailingCommandKeepsAnOlderFile) {
  const TemporaryFolder folder;
  const std::string file = folder.path("logits.safetensors");
  writeFile(file, "precious");
  EXPECT_EQ(runCria({"logits", storiesPackage(), "--tokens", "1,99999", "-o", file}).exitCode, 2);
  EXPECT_EQ(readFile(file), "precious");
  const ProcessResult emit =
      redirected("", {"compile", kStoriesCheckpoint, "--target", "tpu", "--emit", "import", "-o", file});
  EXPECT_EQ(emit.exitCode, 2);
  EXPECT_EQ(readFile(file), "precious");
}

TEST(StreamsTest, AFullDiskLeavesNoPartOfAFile) {
  const TemporaryFolder folder;
  for (const std::string &command : {"compile " + kStoriesCheckpoint + " --emit optimized -o ",
                                     "logits " + storiesPackage() + " --tokens 1,2,3,4,5,6,7,8 -o "}) {
    const ProcessResult result =
        runProcess("/bin/bash", {"-c", "ulimit -f 8; exec " + kCria + " " + command + folder.path("file")});
    EXPECT_EQ(result.exitCode, 2);
    EXPECT_THAT(result.errors, HasSubstr("file: cannot "));
    EXPECT_TRUE(fs::is_empty(folder.path())) << command;
  }
}

TEST(StreamsTest, ADanglingLinkStaysALink) {
  const TemporaryFolder folder;
  fs::create_symlink("target", folder.path("link"));
  EXPECT_EQ(runCria({"logits", storiesPackage(), "--tokens", "1", "-o", folder.path("link")}).exitCode, 0);
  EXPECT_TRUE(fs::is_symlink(folder.path("link")));
  EXPECT_TRUE(fs::is_regular_file(folder.path("target")));
}

// A signal to the process group reaches the compiler twice and counts once; a signal to `cria` alone is
// forwarded.
TEST(StreamsTest, ACompilationThatIsToEndLeavesNothing) {
  const TemporaryFolder folder;
  for (const auto &[signal, code] : {std::pair("-TERM -", 143), std::pair("-TERM ", 143),
                                     std::pair("-INT -", 130), std::pair("-INT ", 130)}) {
    const std::string command = "set -m; " + kCria + " compile --preset llama-2-7b --random-weights 1 -o " +
                                folder.path("m.cria") + " & sleep 0.5; kill " + signal + "$!; wait $!";
    const ProcessResult result = runProcess("/bin/bash", {"-c", command});
    EXPECT_EQ(result.exitCode, code) << signal << result.errors;
    EXPECT_THAT(result.errors, HasSubstr("interrupted")) << signal;
    EXPECT_TRUE(fs::is_empty(folder.path())) << signal;
  }
}

TEST(StreamsTest, DevicesAndPipesAreWrittenToNotReplaced) {
  const TemporaryFolder folder;
  const std::string pipe = folder.path("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const ProcessResult logits =
      runCria({"logits", storiesPackage(), "--tokens", "1", "-o", pipe}); // nobody reads
  EXPECT_EQ(logits.exitCode, 2);
  EXPECT_TRUE(fs::is_fifo(pipe));
  const std::string command =
      kCria + " compile " + kStoriesCheckpoint + " --emit import -o " + pipe + " & cat " + pipe + "; wait $!";
  const ProcessResult emitted = runProcess("/bin/bash", {"-c", command});
  EXPECT_EQ(emitted.exitCode, 0) << emitted.errors;
  EXPECT_THAT(emitted.output, HasSubstr("llama.embedding"));
  EXPECT_TRUE(fs::is_fifo(pipe));
}

TEST(StreamsTest, AnInterruptedCompilationLeavesNothing) {
  const TemporaryFolder folder;
  PseudoTerminal terminal(
      kCria, {"compile", "--preset", "llama-2-7b", "--random-weights", "1", "-o", folder.path("m.cria")},
      {"TERM=xterm"});
  EXPECT_TRUE(terminal.waitFor("compiling: code for"));
  terminal.type("\x03");
  EXPECT_EQ(terminal.waitForExit(), 130);
  EXPECT_THAT(terminal.shown(), HasSubstr("interrupted"));
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(StreamsTest, AnInterruptedBenchKeepsTheRowsItHas) {
  PseudoTerminal terminal(kCria,
                          {"bench", storiesPackage(), "--backend", "reference", "--prompt", "0", "--generate",
                           "2", "--depth", "0,500", "--repetitions", "1"},
                          {"TERM=xterm"});
  EXPECT_TRUE(terminal.waitFor("measuring: decode 2, depth 500")) << terminal.shown(); // takes seconds
  terminal.type("\x03");
  EXPECT_TRUE(terminal.waitFor("decode         2        0")) << terminal.shown(); // the row of depth 0
  EXPECT_TRUE(terminal.waitFor("interrupted")) << terminal.shown();
  EXPECT_EQ(terminal.waitForExit(), 130);
}

TEST(StreamsTest, AnInterruptedChatFromAPipeEnds) {
  for (const auto &[signal, code] : {std::pair("INT", "code 130"), std::pair("TERM", "code 143")}) {
    // Not a pipeline: the shell would wait for the writer, too.
    const std::string command =
        kCria + " chat " + storiesPackage() +
        " --backend reference --ignore-eos < <(echo 'Tell me a story about a fox.'; exec "
        "sleep 20 2>&-) & sleep 1; kill -" +
        signal + " $!; wait $!; echo code $?";
    const ProcessResult result = runProcess("/bin/bash", {"-c", command});
    EXPECT_THAT(result.output, HasSubstr(code)) << result.errors;
  }
}

} // namespace
} // namespace cria::test
