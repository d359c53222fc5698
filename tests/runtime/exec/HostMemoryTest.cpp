// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/exec/HostMemory.h"

#include "tests/testing/TestFiles.h"

#include <fstream>
#include <gmock/gmock.h>
#include <random>

namespace cria {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr uint64_t kMiB = uint64_t(1) << 20;

/// A folder with the files of /proc and /sys that are read.
class HostMemoryTest : public testing::Test {
protected:
  void write(const std::string &path, const std::string &text) {
    const std::filesystem::path file = folder_.path() / path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  void writeAvailable(uint64_t bytes) {
    write("proc/meminfo",
          fmt::format("MemTotal:       99999999 kB\nMemFree:  1 kB\nMemAvailable:   {} kB\n", bytes / 1024));
  }
  HostMemory read() { return HostMemory::read(folder_.path().string()); }

  tests::TemporaryFolder folder_;
};

TEST_F(HostMemoryTest, IsUnlimitedIfNothingIsKnown) {
  EXPECT_EQ(read().availableBytes, UINT64_MAX);
  EXPECT_TRUE(checkFits({.weights = uint64_t(1) << 50}, read()).ok());
}

TEST_F(HostMemoryTest, IsWhatTheKernelSaysIsAvailable) {
  writeAvailable(5 * kMiB);
  EXPECT_EQ(read().availableBytes, 5 * kMiB);
  EXPECT_EQ(read().limit, "MemAvailable of /proc/meminfo");
}

// The cache of files counts to the usage of a group, but can be dropped.
TEST_F(HostMemoryTest, IsWhatTheGroupLeaves) {
  writeAvailable(100 * kMiB);
  write("proc/self/cgroup", "0::/a/b\n");
  write("sys/fs/cgroup/a/b/memory.max", "max\n");
  write("sys/fs/cgroup/a/b/memory.current", "1048576\n");
  EXPECT_EQ(read().availableBytes, 100 * kMiB);
  write("sys/fs/cgroup/a/memory.max", fmt::format("{}\n", 50 * kMiB));
  write("sys/fs/cgroup/a/memory.current", fmt::format("{}\n", 40 * kMiB));
  write("sys/fs/cgroup/a/memory.stat",
        fmt::format("anon 1\ninactive_file {}\nactive_file {}\n", 20 * kMiB, 5 * kMiB));
  EXPECT_EQ(read().availableBytes, 35 * kMiB);
  EXPECT_EQ(read().limit, "the memory limit of the control group");
}

TEST_F(HostMemoryTest, KnowsTheFirstVersionOfGroups) {
  write("proc/self/cgroup", "5:cpuset:/\n4:hugetlb,memory:/c\n0::/\n");
  write("sys/fs/cgroup/memory/c/memory.limit_in_bytes", fmt::format("{}\n", 10 * kMiB));
  write("sys/fs/cgroup/memory/c/memory.usage_in_bytes", fmt::format("{}\n", 12 * kMiB));
  write("sys/fs/cgroup/memory/c/memory.stat",
        fmt::format("inactive_file 1\ntotal_inactive_file {}\ntotal_active_file 0\n", 4 * kMiB));
  EXPECT_EQ(read().availableBytes, 2 * kMiB);
}

TEST_F(HostMemoryTest, RefusesWithNumbersAndRemedies) {
  const HostMemory memory{.availableBytes = 3 * kMiB << 10, .limit = "a test"};
  const Status refused = checkFits({.weights = 4 * kMiB << 10, .kv = kMiB << 10}, memory);
  EXPECT_EQ(refused.code(), StatusCode::outOfMemory);
  EXPECT_THAT(refused.message(),
              AllOf(HasSubstr("requires 5.00 GiB"), HasSubstr("4.00 GiB for weights"),
                    HasSubstr("3.00 GiB are left (a test)"), HasSubstr("--ignore-memory")));
}

TEST_F(HostMemoryTest, MappedWeightsTakeAddressesAlone) {
  const HostMemory memory{.availableBytes = 10, .limit = "a test", .addressBytes = 100};
  EXPECT_TRUE(checkFits({.kv = 10, .mapped = 90}, memory).ok());
  EXPECT_THAT(noteOnMappedWeights({.kv = 5, .mapped = 6}, memory), HasSubstr("read weights from the disk"));
  EXPECT_EQ(noteOnMappedWeights({.kv = 5, .mapped = 5}, memory), "");
  EXPECT_THAT(checkFits({.kv = 10, .mapped = 91}, memory).message(), HasSubstr("RLIMIT_AS"));
}

// The smallest limit is named, also where two are exceeded.
TEST_F(HostMemoryTest, NamesTheSmallestLimit) {
  const HostMemoryUse use{.weights = 100, .mapped = 10};
  EXPECT_THAT(checkFits(use, {.availableBytes = 50, .limit = "a test", .addressBytes = 40}).message(),
              HasSubstr("RLIMIT_AS"));
  EXPECT_THAT(checkFits(use, {.availableBytes = 40, .limit = "a test", .addressBytes = 50}).message(),
              HasSubstr("a test"));
}

// Exactly what is left fits, and one byte more does not, for all sizes.
TEST_F(HostMemoryTest, RandomUses) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 10'000; ++i) {
    HostMemoryUse use{.weights = random() >> 8,
                      .kv = random() >> (8 + random() % 40),
                      .other = random() >> 40,
                      .mapped = random() >> (8 + random() % 40)};
    EXPECT_TRUE(checkFits(use, {.availableBytes = use.total()}).ok());
    EXPECT_FALSE(checkFits(use, {.availableBytes = use.total() - 1}).ok());
    EXPECT_TRUE(checkFits(use, {.addressBytes = use.total() + use.mapped}).ok());
    EXPECT_FALSE(checkFits(use, {.addressBytes = use.total() + use.mapped - 1}).ok());
    EXPECT_EQ(noteOnMappedWeights(use, {.availableBytes = use.total() + use.mapped}), "");
    EXPECT_NE(noteOnMappedWeights(use, {.availableBytes = use.total() + use.mapped - 1}), "");
  }
}

} // namespace
} // namespace cria
