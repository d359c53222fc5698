// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/MappedFile.h"

#include "tests/testing/TestFiles.h"

#include <csignal>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace cria::test {
namespace {

StatusOr<MappedFile> mapOf(const std::string &path) {
  CRIA_ASSIGN_OR_RETURN(const RegularFile file, openRegularFile(path));
  return MappedFile::map(file, path);
}

TEST(MappedFileTest, IsFoundByEachOfItsAddresses) {
  tests::TemporaryFolder folder;
  const std::string path = folder.write("x", "0123"), other = folder.write("y", "45");
  MappedFile first = mapOf(path).value();
  const MappedFile second = mapOf(other).value();
  EXPECT_EQ(first.bytes()[3], std::byte('3'));
  EXPECT_EQ(findMappedFile(&first.bytes()[0]), path);
  EXPECT_EQ(findMappedFile(&first.bytes()[3]), path);
  EXPECT_EQ(findMappedFile(&second.bytes()[1]), other);
  EXPECT_EQ(findMappedFile(&path), nullptr);
  const std::byte *address = &first.bytes()[0];
  MappedFile moved = std::move(first);
  EXPECT_EQ(findMappedFile(address), path);
  moved = MappedFile();
  EXPECT_EQ(findMappedFile(address), nullptr);
}

// Pages around the file are given back.
TEST(MappedFileTest, LargeFilesBeginAtALargePage) {
  tests::TemporaryFolder folder;
  for (const size_t size : {size_t(2) << 20, (size_t(2) << 20) + 1, (size_t(5) << 20) - 4097}) {
    std::string text(size, 'x');
    text.back() = 'y';
    const std::string path = folder.write("x", text);
    for (int i = 0; i < 100; ++i) {
      const MappedFile mapped = mapOf(path).value();
      ASSERT_EQ(mapped.bytes().size(), size);
      ASSERT_EQ(reinterpret_cast<uintptr_t>(mapped.bytes().data()) % (size_t(2) << 20), 0u);
      ASSERT_EQ(mapped.bytes().back(), std::byte('y'));
      ASSERT_EQ(findMappedFile(&mapped.bytes().back()), path);
    }
  }
}

TEST(MappedFileTest, MayBeEmpty) {
  tests::TemporaryFolder folder;
  EXPECT_TRUE(mapOf(folder.write("x", "")).value().bytes().empty());
}

TEST(MappedFileTest, ManyFilesAreMappedOneAfterAnother) {
  tests::TemporaryFolder folder;
  const std::string path = folder.write("x", "0123");
  for (int i = 0; i < 10'000; ++i) {
    const MappedFile mapped = mapOf(path).value();
    ASSERT_EQ(findMappedFile(mapped.bytes().data()), path) << i;
  }
}

TEST(MappedFileDeathTest, NamesAFileThatShrank) {
  tests::TemporaryFolder folder;
  const std::string path = folder.write("x", std::string(100'000, 'x'));
  const MappedFile mapped = mapOf(path).value();
  ASSERT_EQ(truncate(path.c_str(), 10), 0);
  const auto readLast = [&] {
    struct sigaction action{};
    action.sa_flags = SA_SIGINFO;
    action.sa_sigaction = [](int, siginfo_t *info, void *) {
      _exit(findMappedFile(info->si_addr) != nullptr ? 7 : 8);
    };
    sigaction(SIGBUS, &action, nullptr);
    volatile std::byte last = mapped.bytes().back();
    _exit(last == std::byte('x') ? 9 : 10);
  };
  EXPECT_EXIT(readLast(), testing::ExitedWithCode(7), "");
}

} // namespace
} // namespace cria::test
