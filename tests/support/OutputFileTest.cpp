// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// OutputFile: what it replaces, and what it leaves as it is.
#include "support/OutputFile.h"
#include "support/File.h"

#include "tests/testing/TestFiles.h"

#include <filesystem>
#include <gtest/gtest.h>
#include <unistd.h>

namespace cria::test {
namespace {

namespace fs = std::filesystem;

Status writeNew(const std::string &path) {
  CRIA_ASSIGN_OR_RETURN(OutputFile file, OutputFile::create(path));
  CRIA_RETURN_IF_ERROR(file.append(std::as_bytes(std::span(std::string_view("new")))));
  return file.finish();
}

class OutputFileTest : public ::testing::Test {
protected:
  std::string path(const std::string &name) const { return (folder_.path() / name).string(); }
  std::vector<std::string> names() const {
    std::vector<std::string> result;
    for (const auto &entry : fs::directory_iterator(folder_.path())) {
      result.push_back(entry.path().filename().string());
    }
    return result;
  }

  tests::TemporaryFolder folder_;
};

TEST_F(OutputFileTest, ReplacesAFileAndLeavesNothingElse) {
  folder_.write("out", "old");
  EXPECT_TRUE(writeNew(path("out")).ok());
  EXPECT_EQ(*readFile(path("out")), "new");
  EXPECT_EQ(names(), std::vector<std::string>{"out"});
}

TEST_F(OutputFileTest, LeavesTheFileUnlessItIsFinished) {
  folder_.write("out", "old");
  {
    StatusOr<OutputFile> file = OutputFile::create(path("out"));
    ASSERT_TRUE(file.ok());
    EXPECT_TRUE(file->append(std::as_bytes(std::span(std::string_view("part")))).ok());
  }
  EXPECT_EQ(*readFile(path("out")), "old");
  EXPECT_EQ(names(), std::vector<std::string>{"out"});
}

TEST_F(OutputFileTest, LeavesFilesWithSimilarNames) {
  const std::string similar = "out.tmp-" + std::to_string(getpid());
  folder_.write(similar, "precious");
  EXPECT_TRUE(writeNew(path("out")).ok());
  EXPECT_EQ(*readFile(path(similar)), "precious");
}

TEST_F(OutputFileTest, WritesBehindALinkToABrokenLink) {
  fs::create_symlink("second", path("first"));
  fs::create_symlink("target", path("second"));
  EXPECT_TRUE(writeNew(path("first")).ok());
  EXPECT_TRUE(fs::is_symlink(path("first")));
  EXPECT_TRUE(fs::is_symlink(path("second")));
  EXPECT_EQ(*readFile(path("target")), "new");
}

TEST_F(OutputFileTest, KeepsThePermissionsOfWhatItReplaces) {
  folder_.write("out", "old");
  fs::permissions(path("out"), fs::perms(0600));
  EXPECT_TRUE(writeNew(path("out")).ok());
  EXPECT_EQ(fs::status(path("out")).permissions(), fs::perms(0600));
}

} // namespace
} // namespace cria::test
