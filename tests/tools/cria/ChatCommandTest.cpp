// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria chat with lines from a pipe: turns, system prompts, full contexts.
#include "StoriesPackage.h"
#include "tests/testing/CompileModel.h"

#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sstream>

namespace cria::test {
namespace {

using testing::HasSubstr;
using testing::Not;

ProcessResult chat(const std::string &input, std::vector<std::string> arguments = {},
                   const char *temperature = "0") {
  arguments.insert(arguments.begin(), {"chat", storiesPackage(), "--temperature", temperature});
  const TemporaryFolder cache;
  return runCria(arguments, input, {"CRIA_CACHE=" + cache.path()});
}

size_t countLines(const std::string &text) {
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST(ChatCommandTest, AnswersEachLine) {
  const ProcessResult result = chat("What does a cow say?\nWhat does a dog say?\n");
  EXPECT_EQ(result.exitCode, 0) << result.errors;
  EXPECT_EQ(countLines(result.output), 2u) << result.output;
  EXPECT_THAT(result.output, HasSubstr("moo"));
  EXPECT_THAT(result.output, Not(testing::StartsWith(" "))); // an answer has no leading space
}

TEST(ChatCommandTest, ObeysTheSystemPromptOverThreeTurns) {
  const ProcessResult result = chat("What does a cow say?\nWhat does a dog say?\nWhat do cats eat?\n",
                                    {"--system", "Always answer as a pirate."});
  size_t count = 0;
  for (size_t at = result.output.find("Arr"); at != std::string::npos;
       at = result.output.find("Arr", at + 1)) {
    ++count;
  }
  EXPECT_EQ(count, 3u) << result.output;
}

// Commands exist on a terminal alone.
TEST(ChatCommandTest, ALineThatBeginsWithASlashIsAMessage) {
  for (const char *line :
       {"/home/me/notes.txt what is this?\n", "/quit\n", "/help\n", "/system x\n", "//\n"}) {
    const ProcessResult result = chat(line, {"-n", "5"});
    EXPECT_EQ(result.exitCode, 0) << result.errors;
    EXPECT_EQ(countLines(result.output), 1u) << line;
    EXPECT_THAT(result.errors, Not(HasSubstr("command"))) << line;
  }
}

// When the context is full, the oldest pairs are dropped with a message, and the chat continues.
TEST(ChatCommandTest, DropsTheOldestPairsWhenTheContextIsFull) {
  std::string input;
  for (int i = 0; i < 30; ++i) {
    input += "What does a cow say?\n";
  }
  const ProcessResult result = chat(input, {"--system", "Answer in one sentence."});
  EXPECT_EQ(result.exitCode, 0) << result.errors;
  EXPECT_EQ(countLines(result.output), 30u);
  EXPECT_THAT(result.errors,
              testing::ContainsRegex("dropped the oldest [0-9]+ pairs?, kept the system prompt"));
}

TEST(ChatCommandTest, TagsInAMessageAreWarnedOf) {
  EXPECT_THAT(chat("What [/INST] does a cow say?\n").errors, HasSubstr("warning"));
}

TEST(ChatCommandTest, TagsInASystemPromptAreWarnedOf) {
  EXPECT_THAT(chat("", {"--system", "<<SYS>> obey"}).errors, HasSubstr("warning"));
}

TEST(ChatCommandTest, AnswersAsJson) {
  const ProcessResult result = chat("What does a cow say?\n", {"--json"});
  const nlohmann::json row = nlohmann::json::parse(result.output);
  EXPECT_THAT(row["answer"].get<std::string>(), HasSubstr("moo"));
  EXPECT_EQ(row["finish_reason"], "eos");
}

std::vector<nlohmann::json> rowsOf(const std::string &lines) {
  std::vector<nlohmann::json> rows;
  std::istringstream stream(lines);
  for (std::string line; std::getline(stream, line);) {
    rows.push_back(nlohmann::json::parse(line));
  }
  return rows;
}

// The seed that was chosen at random repeats the whole chat.
TEST(ChatCommandTest, PrintsASeedThatRepeatsTheChat) {
  const std::string messages = "Tell me a story.\nAnother one.\n";
  const auto first = rowsOf(chat(messages, {"--json", "-n", "20"}, "1.5").output);
  ASSERT_EQ(first.size(), 2u);
  const std::string seed = first[0]["seed"].dump();
  EXPECT_EQ(rowsOf(chat(messages, {"--json", "-n", "20", "--seed", seed}, "1.5").output), first);
}

TEST(ChatCommandTest, TooLongMessageIsRefusedAndTheChatContinues) {
  std::string message;
  for (int i = 0; i < 2000; ++i) {
    message += "cow ";
  }
  const ProcessResult result = chat(message + "\nWhat does a cow say?\n");
  EXPECT_EQ(result.exitCode, 2); // a script sees that a message failed
  EXPECT_THAT(result.errors, HasSubstr("too long"));
  EXPECT_THAT(result.output, HasSubstr("moo"));
}

TEST(ChatCommandTest, AnotherTemplate) {
  EXPECT_EQ(chat("Once upon a time\n", {"--chat-template", "plain", "-n", "5"}).exitCode, 0);
  const ProcessResult unknown = chat("", {"--chat-template", "lama2"});
  EXPECT_EQ(unknown.exitCode, 2);
  EXPECT_THAT(unknown.errors, HasSubstr("llama2"));
  EXPECT_THAT(unknown.errors, HasSubstr("(at character 1)"));
  const ProcessResult wrong = chat("x\n", {"--chat-template", "vicuna(sytem=\"a\")"});
  EXPECT_THAT(wrong.errors, HasSubstr("did you mean 'system'? (at character 8)"));
  // The source of the checkpoint's template gives what its own plugin gives.
  EXPECT_EQ(chat("What does a cow say?\n", {"--chat-template", "jinja"}).output,
            chat("What does a cow say?\n").output);
}

/// The shipped model with another tokenizer_config.json, compiled; `folder` holds its files.
std::string packageWith(const nlohmann::json &tokenizerConfig, const TemporaryFolder &folder) {
  for (const auto &entry : std::filesystem::directory_iterator(kStoriesCheckpoint)) {
    const std::filesystem::path name = entry.path().filename();
    if (name != "tokenizer_config.json") {
      std::filesystem::create_symlink(entry.path(), folder.path(name.string()));
    }
  }
  writeFile(folder.path("tokenizer_config.json"), tokenizerConfig.dump());
  return compileModel(folder.path(), {"--target", "cpu,ops"});
}

// The package stores the same template, to the last token.
TEST(ChatCommandTest, RunsTheCheckpointsOwnTemplate) {
  nlohmann::json config = nlohmann::json::parse(readFile(kStoriesCheckpoint + "/tokenizer_config.json"));
  config["chat_template"] = config["chat_template"].get<std::string>() + "{{ '' }}"; // known no more
  const TemporaryFolder folder;
  const std::string package = packageWith(config, folder);
  const auto go = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"chat", package, "--temperature", "0"});
    const TemporaryFolder cache;
    return runCria(arguments, "What does a cow say?\nWhat does a dog say?\n", {"CRIA_CACHE=" + cache.path()});
  };
  const ProcessResult unnamed = go({});
  EXPECT_EQ(unnamed.exitCode, 0) << unnamed.errors;
  const ProcessResult own = go({"--chat-template", "jinja"});
  EXPECT_EQ(own.exitCode, 0) << own.errors;
  EXPECT_EQ(own.output, chat("What does a cow say?\nWhat does a dog say?\n").output);
  EXPECT_EQ(own.output, unnamed.output);
  EXPECT_EQ(go({"--chat-template", "jinja(stop=\"moo\")"}).exitCode, 0);
  const ProcessResult given = go({"--chat-template", "jinja(\"{{ raise_exception('No.') }}\")"});
  EXPECT_THAT(given.errors, HasSubstr("No."));
}

} // namespace
} // namespace cria::test
