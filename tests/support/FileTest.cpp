// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads whole files: limits, files that are not regular, and pipes.
#include "support/File.h"
#include "support/Sha256.h"

#include "tests/testing/TestFiles.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cria::test {
namespace {

using ::testing::HasSubstr;

TEST(FileTest, ReadsWholeFiles) {
  tests::TemporaryFolder folder;
  const std::string bytes("a\0b\n", 4);
  EXPECT_EQ(*readFile(folder.write("x", bytes), 4), bytes);
  EXPECT_EQ(*readAnyFile(folder.write("x", bytes), 4), bytes);
  EXPECT_EQ(*readFile(folder.write("empty", "")), "");
}

TEST(FileTest, RefusesMoreThanTheLimit) {
  tests::TemporaryFolder folder;
  const std::string path = folder.write("x", std::string(200000, 'x'));
  EXPECT_THAT(readFile(path, 199999).status().message(),
              HasSubstr("expected at most 199999 bytes, got 200000"));
  EXPECT_THAT(readAnyFile(path, 199999).status().message(), HasSubstr("expected at most 199999 bytes"));
  EXPECT_THAT(readAnyFile("/dev/zero", 100000).status().message(),
              HasSubstr("expected at most 100000 bytes"));
}

TEST(FileTest, DoesNotWaitForTheWriterOfAFifo) {
  tests::TemporaryFolder folder;
  const std::string path = folder.write("x", "") + ".fifo";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(readFile(path).status().code(), StatusCode::io);
  EXPECT_THAT(readFile(path).status().message(), HasSubstr("expected a regular file"));
  EXPECT_EQ(sha256OfFile(path).status().code(), StatusCode::io);
}

TEST(FileTest, RefusesFoldersAndMissingFiles) {
  tests::TemporaryFolder folder;
  const std::string path = folder.write("x", "");
  EXPECT_EQ(readFile(path + ".none").status().code(), StatusCode::notFound);
  EXPECT_EQ(readAnyFile(path + ".none", 1).status().code(), StatusCode::notFound);
  EXPECT_THAT(readFile("/").status().message(), HasSubstr("got a folder"));
  EXPECT_EQ(readAnyFile("/", 1).status().code(), StatusCode::io);
}

TEST(FileTest, KnowsWhatLiesInAFolder) {
  tests::TemporaryFolder folder;
  const std::string outer = folder.file("a"), inner = outer + "/b";
  std::filesystem::create_directories(inner);
  std::filesystem::create_directory_symlink(inner, folder.file("link"));
  EXPECT_TRUE(isWithin(outer, outer));
  EXPECT_TRUE(isWithin(inner, outer + "/"));
  EXPECT_TRUE(isWithin(folder.file("link") + "/absent", outer));
  EXPECT_TRUE(isWithin(outer + "/../a/b", outer));
  EXPECT_FALSE(isWithin(outer, inner));
  EXPECT_FALSE(isWithin(outer + "bc", outer));
  std::filesystem::create_symlink("loop", folder.file("loop"));
  EXPECT_TRUE(isWithin(folder.file("loop"), outer)); // cannot be known
}

TEST(FileTest, ReadsPipesToTheirEnd) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  ASSERT_EQ(write(ends[1], "text", 4), 4);
  close(ends[1]);
  EXPECT_EQ(*readDescriptor(ends[0], "the pipe", 100), "text");
  close(ends[0]);
}

} // namespace
} // namespace cria::test
