// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs the embedding example, and compares it with docs/embedding.md.
#include "tests/testing/toy/ToyPackage.h"

#include "runtime/text/TokenizerRegistry.h"

#include <array>
#include <cstdio>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

namespace cria::test {
namespace {

using testing::HasSubstr;

struct Output {
  int exitCode = -1;
  std::string text; // stdout and stderr
};

Output runExample(const std::string &arguments) {
  Output output;
  // NOLINTNEXTLINE(bugprone-command-processor): the test states the whole command line.
  FILE *pipe = popen((std::string(EXAMPLE) + " " + arguments + " 2>&1").c_str(), "r");
  std::array<char, 4096> buffer;
  while (size_t count = fread(buffer.data(), 1, buffer.size(), pipe)) {
    output.text.append(buffer.data(), count);
  }
  output.exitCode = WEXITSTATUS(pclose(pipe));
  return output;
}

/// A package for the tokenizer of the model that ships.
std::string writePackage() {
  constexpr uint32_t kVocab = 1024;
  std::string folder = testFolder();
  ToyPackage package{.vocabSize = kVocab, .manifest = toyManifest(kVocab), .program = toyProgram(kVocab)};
  package.manifest["tokenizer"] = {{"kind", "sentencepiece"},
                                   {"file", "tokenizer.model"},
                                   {"added_tokens", OrderedJson::array()},
                                   {"eos_id", 2},
                                   {"prefix", "always"}};
  writeToyPackage(folder, package);
  writeFile(folder + "/tokenizer.model",
            readWholeFile(CRIA_SOURCE_DIR "/examples/stories/model/tokenizer.model"));
  writeManifest(folder, package.manifest);
  return folder;
}

TEST(Embedding, TheExampleGeneratesUntilTheContextIsFull) {
  // The backend `null` returns zeros, so every token is token 0, the unknown one, which prints as U+2047.
  Output output = runExample("'" + writePackage() + "' 'One day' null");
  EXPECT_EQ(output.exitCode, 0) << output.text;
  size_t count = 0;
  for (size_t at = 0; (at = output.text.find("\u2047", at)) != output.text.npos; ++at) {
    ++count;
  }
  auto tokenizer =
      openTokenizer(kSentencePieceKind, CRIA_SOURCE_DIR "/examples/stories/model/tokenizer.model");
  ASSERT_TRUE(tokenizer.ok());
  EXPECT_EQ(count, kToyContext - 1 - (*tokenizer)->encode("One day")->size());
}

TEST(Embedding, TheExampleReportsWhatIsWrong) {
  Output missing = runExample("/nowhere.cria hello");
  EXPECT_EQ(missing.exitCode, 2);
  EXPECT_THAT(missing.text, HasSubstr("/nowhere.cria: cannot open the package: No such file or directory"));
  Output unfit = runExample("'" + writePackage() + "' hello");
  EXPECT_EQ(unfit.exitCode, 2);
  EXPECT_THAT(unfit.text, HasSubstr("no backend runs this package on this machine"));
}

TEST(Embedding, ThePagePrintsTheExample) {
  std::string example = readWholeFile(CRIA_SOURCE_DIR "/examples/embedding/main.cpp");
  std::string body = example.substr(example.find("#include"));
  EXPECT_THAT(readWholeFile(CRIA_SOURCE_DIR "/docs/embedding.md"), HasSubstr(body));
}

} // namespace
} // namespace cria::test
