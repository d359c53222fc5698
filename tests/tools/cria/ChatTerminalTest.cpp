// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria chat on a terminal: line editing, history and Ctrl-C.
#include "StoriesPackage.h"
#include "tests/testing/PseudoTerminal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cria::test {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char *kLeft = "\x1b[D";
constexpr const char *kUp = "\x1b[A";
constexpr const char *kBackspace = "\x7f";
constexpr const char *kCtrlC = "\x03";
constexpr const char *kCtrlD = "\x04";

class ChatTerminalTest : public testing::Test {
protected:
  /// Starts a chat and waits for its first prompt.
  PseudoTerminal &start(std::vector<std::string> arguments = {}) {
    arguments.insert(arguments.begin(), {"chat", storiesPackage(), "--temperature", "0"});
    terminal_ = std::make_unique<PseudoTerminal>(
        CRIA_BINARY_DIR "/bin/cria", arguments,
        std::vector<std::string>{"CRIA_CACHE=" + cache_.path(), "TERM=xterm", "LC_ALL=C"});
    EXPECT_TRUE(terminal_->waitFor("/help lists commands"));
    EXPECT_TRUE(terminal_->waitFor("> "));
    return *terminal_;
  }

  /// Types a command and expects an answer.
  void expectAnswer(const std::string &keys, const std::string &answer) {
    terminal_->type(keys);
    EXPECT_TRUE(terminal_->waitFor(answer)) << "typed: " << keys << "\nshown: " << terminal_->shown();
    EXPECT_TRUE(terminal_->waitFor("> "));
  }

private:
  const TemporaryFolder cache_;
  std::unique_ptr<PseudoTerminal> terminal_;
};

TEST_F(ChatTerminalTest, AnswersAndEndsWithCtrlD) {
  PseudoTerminal &terminal = start();
  expectAnswer("What does a cow say?\r", "moo");
  terminal.type(kCtrlD);
  EXPECT_EQ(terminal.waitForExit(), 0) << terminal.shown();
}

TEST_F(ChatTerminalTest, ObeysCommands) {
  PseudoTerminal &terminal = start();
  expectAnswer("/help\r", "/reset");
  expectAnswer("  /system Say [INST] twice.  \r", "warning");
  expectAnswer("/system \r", "(system prompt: Say [INST] twice.)");
  expectAnswer("/system none\r", "system prompt removed");
  expectAnswer("/reset\r", "(a new conversation)");
  expectAnswer("/nonsense\r", "unknown command '/nonsense'; '//nonsense' sends it as a message");
  terminal.type("/quit\r");
  EXPECT_EQ(terminal.waitForExit(), 0) << terminal.shown();
}

TEST_F(ChatTerminalTest, TwoSlashesBeginAMessageWithOne) {
  PseudoTerminal &terminal = start({"-n", "3", "--seed", "1"});
  expectAnswer("//home what does a cow say?\r", "\n");
  EXPECT_THAT(terminal.shown(), Not(HasSubstr("unknown command")));
}

// In a locale without UTF-8 too.
TEST_F(ChatTerminalTest, TakesEveryCharacter) {
  start();
  expectAnswer("/system K\xC3\xBChe \xE7\x89\x9B \xF0\x9F\x90\x84\r", "system prompt set");
  expectAnswer("/system\r", "(system prompt: K\xC3\xBChe \xE7\x89\x9B \xF0\x9F\x90\x84)");
}

TEST_F(ChatTerminalTest, EditsALine) {
  start();
  expectAnswer(std::string("/system helo") + kLeft + "l\r", "system prompt set");
  expectAnswer("/system\r", "(system prompt: hello)");
  expectAnswer(std::string("/system Bye!?") + kBackspace + "\r", "system prompt set");
  expectAnswer("/system\r", "(system prompt: Bye!)");
}

TEST_F(ChatTerminalTest, RemembersLinesAlsoOfAnEarlierChat) {
  PseudoTerminal &first = start();
  expectAnswer("/system one\r", "system prompt set");
  expectAnswer(std::string(kUp) + " and two\r", "system prompt set");
  expectAnswer("/system\r", "(system prompt: one and two)");
  first.type("/quit\r");
  EXPECT_EQ(first.waitForExit(), 0);
  start();
  // /quit, /system, /system one and two
  expectAnswer(std::string(kUp) + kUp + kUp + " and three\r", "system prompt set");
  expectAnswer("/system\r", "(system prompt: one and two and three)");
}

// The one that ends last keeps the lines of the other.
TEST_F(ChatTerminalTest, TwoChatsAtOnceKeepBothHistories) {
  const TemporaryFolder cache;
  const std::vector<std::string> environment = {"CRIA_CACHE=" + cache.path(), "TERM=xterm", "LC_ALL=C"};
  const std::vector<std::string> arguments = {"chat", storiesPackage()};
  PseudoTerminal first(CRIA_BINARY_DIR "/bin/cria", arguments, environment);
  PseudoTerminal second(CRIA_BINARY_DIR "/bin/cria", arguments, environment);
  for (const auto &[terminal, name] : {std::pair(&first, "one"), std::pair(&second, "two")}) {
    EXPECT_TRUE(terminal->waitFor("> "));
    terminal->type(std::string("/system ") + name + "\r");
    EXPECT_TRUE(terminal->waitFor("system prompt set"));
  }
  for (PseudoTerminal *terminal : {&first, &second}) {
    EXPECT_TRUE(terminal->waitFor("> ")); // without a prompt the terminal would make a NUL of Ctrl-D
    terminal->type(kCtrlD);
    EXPECT_EQ(terminal->waitForExit(), 0);
  }
  EXPECT_THAT(readFile(cache.path("chat_history")), testing::AllOf(HasSubstr("one"), HasSubstr("two")));
}

TEST_F(ChatTerminalTest, CtrlCAtThePromptDropsTheLineOnly) {
  PseudoTerminal &terminal = start();
  terminal.type("/system dropped");
  EXPECT_TRUE(terminal.waitFor("dropped"));
  terminal.type(kCtrlC);
  EXPECT_TRUE(terminal.waitFor("> "));
  expectAnswer("/system\r", "(system prompt: none)");
  terminal.type("/quit\r");
  EXPECT_EQ(terminal.waitForExit(), 0);
}

TEST_F(ChatTerminalTest, ContinuesAfterTheWindowChanges) {
  PseudoTerminal &terminal = start();
  for (const uint16_t columns : {40, 90, 60}) {
    terminal.type("/sys");
    terminal.resize(24, columns);
    expectAnswer("tem\r", "(system prompt: none)");
  }
}

// The cursor is then beyond the end of the row, where nothing may be written before the line is redrawn.
TEST_F(ChatTerminalTest, TheWindowNarrowsWhileALineIsTyped) {
  PseudoTerminal &terminal = start();
  std::string line;
  for (char letter = 'a'; letter <= 'p'; ++letter) {
    terminal.resize(24, (letter - 'a') % 2 == 0 ? 40 : 80);
    terminal.type(std::string(5, letter));
    line += std::string(5, letter);
    EXPECT_TRUE(terminal.waitFor(std::string(1, letter))) << terminal.shown();
  }
  terminal.type("\x01/system \r"); // Ctrl-A goes to the beginning of the line
  EXPECT_TRUE(terminal.waitFor("system prompt set")) << terminal.shown();
  EXPECT_TRUE(terminal.waitFor("> "));
  expectAnswer("/system\r", "(system prompt: " + line + ")");
  terminal.type(kCtrlD);
  EXPECT_EQ(terminal.waitForExit(), 0) << terminal.shown();
}

// From a shell with job control, more than once.
TEST_F(ChatTerminalTest, CtrlZStopsTheProgramAndFgContinuesIt) {
  const TemporaryFolder cache;
  PseudoTerminal shell("/bin/bash", {"--norc", "--noprofile", "-i"},
                       {"CRIA_CACHE=" + cache.path(), "TERM=dumb", "PS1=shell:", "LC_ALL=C"});
  EXPECT_TRUE(shell.waitFor("shell:"));
  shell.type(CRIA_BINARY_DIR "/bin/cria chat " + storiesPackage() + "\r");
  EXPECT_TRUE(shell.waitFor("/help lists commands"));
  for (int round = 0; round < 2; ++round) {
    EXPECT_TRUE(shell.waitFor("> "));
    shell.type("\x1a");
    EXPECT_TRUE(shell.waitFor("Stopped")) << shell.shown();
    EXPECT_TRUE(shell.waitFor("shell:"));
    shell.type("fg\r");
    EXPECT_TRUE(shell.waitFor("> ")) << shell.shown();
    shell.type(std::string("/systen") + kBackspace + "m\r"); // editing works as before
    EXPECT_TRUE(shell.waitFor("(system prompt: none)")) << shell.shown();
  }
}

// SIGTERM ends the program, not only the line, and the history stays.
TEST_F(ChatTerminalTest, SigtermAtThePromptEndsTheProgram) {
  const TemporaryFolder cache;
  PseudoTerminal shell("/bin/bash", {"--norc", "--noprofile", "-i"},
                       {"CRIA_CACHE=" + cache.path(), "TERM=dumb", "PS1=shell:", "LC_ALL=C"});
  EXPECT_TRUE(shell.waitFor("shell:"));
  const std::string process = cache.path("process");
  shell.type("(sleep 3; kill -TERM $(cat " + process + ")) & sh -c 'echo $$ >" + process +
             "; exec " CRIA_BINARY_DIR "/bin/cria chat " + storiesPackage() + "'; echo code=$?\r");
  EXPECT_TRUE(shell.waitFor("/help lists commands"));
  EXPECT_TRUE(shell.waitFor("> "));
  shell.type("/system kept\r");
  EXPECT_TRUE(shell.waitFor("system prompt set")) << shell.shown();
  EXPECT_TRUE(shell.waitFor("code=143")) << shell.shown();
  EXPECT_THAT(readFile(cache.path("chat_history")), HasSubstr("kept"));
}

// The reference backend is slow enough to be interrupted; Ctrl-C before the first token counts too.
TEST_F(ChatTerminalTest, CtrlCStopsTheAnswerNotTheProgram) {
  PseudoTerminal &terminal = start({"--backend", "reference", "--ignore-eos"});
  terminal.type("Tell me a story about a fox named Max.\r");
  EXPECT_TRUE(terminal.waitFor("Max.\r\n")) << terminal.shown(); // the line was taken
  terminal.type(kCtrlC);
  terminal.type(kCtrlC); // a second Ctrl-C does not end the program
  EXPECT_TRUE(terminal.waitFor("(stopped)")) << terminal.shown();
  expectAnswer("/system\r", "(system prompt: none)");
  terminal.type("/quit\r");
  EXPECT_EQ(terminal.waitForExit(), 0);
}

} // namespace
} // namespace cria::test
