// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Replays of the cpu backend: every workgroup runs once, equal bits for any number of threads, scratch
// memory, float mode, order, cancellation, profile.
#include "CpuFixture.h"

#include <atomic>
#include <cmath>
#include <limits>
#include <thread>

using namespace cria::conformance;
using testing::Each;

namespace {

class CpuReplay : public CpuBackendTest {};

class CpuThreads : public CpuBackendTest, public testing::WithParamInterface<uint32_t> {
protected:
  CpuThreads() : CpuBackendTest({.numThreads = GetParam()}) {}
};
INSTANTIATE_TEST_SUITE_P(Counts, CpuThreads, testing::Values(1, 2, 3, 5), testing::PrintToStringParamName());

Entry countEntry(Device &device, cria_buffer *counts, std::array<uint32_t, 3> grid) {
  const uint64_t total = uint64_t{grid[0]} * grid[1] * grid[2];
  cria_buffer *sizes = upload(device, std::vector<uint32_t>(grid.begin(), grid.end()));
  return {.kind = CRIA_ENTRY_KERNEL,
          .name = "count_workgroups",
          .operands = {words(counts, total), words(sizes, 3, CRIA_ACCESS_READ)},
          .grid = grid};
}

TEST_P(CpuThreads, RunEveryWorkgroupOnceInEachReplay) {
  constexpr uint32_t kReplays = 50;
  for (const std::array<uint32_t, 3> grid :
       {std::array{1u, 1u, 1u}, {2u, 1u, 1u}, {7u, 5u, 3u}, {1u, 300u, 2u}, {4096u, 1u, 1u}}) {
    const size_t total = size_t{grid[0]} * grid[1] * grid[2];
    cria_buffer *counts = upload(device_, std::vector<uint32_t>(total, 0));
    Recording recording(device_, code_, {countEntry(device_, counts, grid)});
    ASSERT_TRUE(recording.outcome().ok()) << recording.outcome().message;
    for (uint32_t i = 0; i < kReplays; ++i) {
      ASSERT_TRUE(recording.replay().ok());
    }
    EXPECT_THAT(download<uint32_t>(device_, counts, total), Each(kReplays));
  }
}

TEST_P(CpuThreads, SeeAllWritesOfEarlierEntries) {
  constexpr uint64_t kCount = 5000;
  cria_buffer *first = upload(device_, std::vector<uint32_t>(kCount, 0));
  cria_buffer *second = upload(device_, std::vector<uint32_t>(kCount, 0));
  const Entry increment = countEntry(device_, first, {kCount, 1, 1});
  const Entry copy{.kind = CRIA_ENTRY_COPY,
                   .name = "copy",
                   .operands = {words(first, kCount, CRIA_ACCESS_READ), words(second, kCount)}};
  for (int repetition = 1; repetition <= 20; ++repetition) {
    ASSERT_TRUE(run(device_, code_, {increment, copy}).ok());
    ASSERT_THAT(download<uint32_t>(device_, second, kCount), Each(repetition));
  }
}

std::vector<uint32_t> sumBits(uint32_t numThreads) {
  constexpr uint64_t kGroups = 777;
  Device device(Backend::named("cpu"), {.numThreads = numThreads, .flags = CRIA_OPEN_POISON_SCRATCH});
  cria_code *code = nullptr;
  const std::string path = testKernelPath("test_kernels");
  EXPECT_TRUE(device.load(executableInfo(kNativeFormat, ""), readBytes(path), path, &code).ok());
  cria_buffer *values = device.allocate(kGroups * 4);
  const Entry entry{.kind = CRIA_ENTRY_KERNEL,
                    .name = "sum_terms",
                    .operands = {words(values, kGroups)},
                    .grid = {kGroups, 1, 1},
                    .scratchBytes = 1024};
  EXPECT_TRUE(run(device, code, {entry}).ok());
  return download<uint32_t>(device, values, kGroups);
}

TEST(CpuResults, HaveEqualBitsForAnyNumberOfThreads) {
  const std::vector<uint32_t> expected = sumBits(1);
  float first = 0;
  std::memcpy(&first, expected.data(), sizeof(first));
  EXPECT_GT(first, 1.0f);
  for (const uint32_t numThreads : {2u, 3u, 4u, 0u}) {
    EXPECT_EQ(sumBits(numThreads), expected) << numThreads << " threads";
  }
}

class CpuPoison : public CpuBackendTest {
protected:
  CpuPoison() : CpuBackendTest({.numThreads = 2, .flags = CRIA_OPEN_POISON_SCRATCH}) {}
};

TEST_F(CpuPoison, FillsScratchWithNanBeforeEachWorkgroup) {
  constexpr uint64_t kGroups = 64;
  cria_buffer *values = upload(device_, std::vector<float>(kGroups, 0));
  const Entry entry{.kind = CRIA_ENTRY_KERNEL,
                    .name = "read_scratch",
                    .operands = {words(values, kGroups)},
                    .grid = {kGroups, 1, 1},
                    .scratchBytes = 4};
  ASSERT_TRUE(run(device_, code_, {entry}).ok());
  for (const float value : download<float>(device_, values, kGroups)) {
    EXPECT_TRUE(std::isnan(value));
  }
}

TEST_F(CpuReplay, LeavesScratchAloneWithoutTheFlag) {
  cria_buffer *values = upload(device_, std::vector<float>(2, 0));
  const Entry entry{.kind = CRIA_ENTRY_KERNEL,
                    .name = "read_scratch",
                    .operands = {words(values, 1)},
                    .grid = {1, 1, 1},
                    .scratchBytes = 4};
  ASSERT_TRUE(run(device_, code_, {entry, entry}).ok());
  EXPECT_EQ(download<float>(device_, values, 1)[0], 1.0f); // left by the first of the two
}

TEST_P(CpuThreads, FlushDenormalsInKernelsAndNowhereElse) {
  constexpr uint64_t kGroups = 64;
  const volatile float smallest = std::numeric_limits<float>::min();
  cria_buffer *source = upload(device_, std::vector<float>{smallest, smallest / 2});
  cria_buffer *values = device_.allocate(kGroups * 2 * 4);
  const Entry entry{.kind = CRIA_ENTRY_KERNEL,
                    .name = "halve",
                    .operands = {words(source, 2, CRIA_ACCESS_READ), words(values, kGroups * 2)},
                    .grid = {kGroups, 1, 1}};
  ASSERT_TRUE(run(device_, code_, {entry}).ok());
  EXPECT_THAT(download<float>(device_, values, kGroups * 2), Each(0.0f));
  EXPECT_GT(smallest / 2, 0.0f); // the caller's own mode is as before
}

TEST_F(CpuReplay, FillsAndCopiesBytes) {
  cria_buffer *buffer = device_.allocate(256);
  Operand middle = words(buffer, 8);
  middle.offset = 64;
  Operand end = words(buffer, 8);
  end.offset = 128;
  Operand source = middle;
  source.access = CRIA_ACCESS_READ;
  ASSERT_TRUE(run(device_, code_,
                  {{.kind = CRIA_ENTRY_FILL, .name = "fill", .operands = {middle}, .fillValue = 0x01020304},
                   {.kind = CRIA_ENTRY_COPY, .name = "copy", .operands = {source, end}}})
                  .ok());
  const std::vector<uint32_t> all = download<uint32_t>(device_, buffer, 64);
  for (size_t i = 0; i < all.size(); ++i) {
    const bool written = (i >= 16 && i < 24) || (i >= 32 && i < 40);
    EXPECT_EQ(all[i], written ? 0x01020304u : 0xFFFFFFFFu) << i;
  }
}

TEST_F(CpuReplay, StopsBetweenEntriesWhenCancelled) {
  cria_buffer *flag = upload(device_, std::vector<int32_t>{0});
  cria_buffer *counts = upload(device_, std::vector<uint32_t>(4, 0));
  const auto *cancel =
      static_cast<const int32_t *>(device_.api().buffer_host_pointer(device_.context(), flag));
  const Entry setFlag{.kind = CRIA_ENTRY_KERNEL, .name = "set_flag", .operands = {words(flag, 1)}};
  Recording recording(
      device_, code_,
      {countEntry(device_, counts, {4, 1, 1}), setFlag, countEntry(device_, counts, {4, 1, 1})});
  ASSERT_TRUE(recording.outcome().ok());
  EXPECT_EQ(recording.replay(cancel).status, CRIA_STATUS_CANCELLED);
  EXPECT_THAT(download<uint32_t>(device_, counts, 4),
              Each(1u)); // the entry before ran, the one after did not
  EXPECT_TRUE(recording.replay().ok());
  EXPECT_THAT(download<uint32_t>(device_, counts, 4), Each(3u));
}

TEST_F(CpuReplay, KeepsTimePerEntryWhenRequested) {
  cria_buffer *counts = upload(device_, std::vector<uint32_t>(4096, 0));
  Recording recording(device_, code_,
                      {countEntry(device_, counts, {4096, 1, 1}), countEntry(device_, counts, {1, 1, 1})});
  ASSERT_EQ(device_.api().profile_enable(device_.queue(), 1, nullptr), CRIA_STATUS_OK);
  ASSERT_TRUE(recording.replay().ok());
  std::vector<uint64_t> times(2);
  cria_profile profile{.struct_size = sizeof(cria_profile), .num_entries = 2, .nanoseconds = times.data()};
  ASSERT_EQ(device_.api().profile_read(device_.queue(), &profile, nullptr), CRIA_STATUS_OK);
  EXPECT_EQ(profile.num_entries, 2u);
  EXPECT_GT(times[0], 0u);
  profile.num_entries = 1;
  EXPECT_EQ(device_.api().profile_read(device_.queue(), &profile, nullptr), CRIA_STATUS_INVALID_ARGUMENT);
}

TEST_F(CpuReplay, ServesQueuesOfOneContextFromSeveralThreads) {
  constexpr uint32_t kReplays = 200;
  constexpr uint64_t kGroups = 97;
  std::vector<cria_buffer *> counts;
  std::vector<std::unique_ptr<Recording>> recordings;
  for (int i = 0; i < 2; ++i) {
    counts.push_back(upload(device_, std::vector<uint32_t>(kGroups, 0)));
    recordings.push_back(std::make_unique<Recording>(
        device_, code_, std::vector{countEntry(device_, counts.back(), {kGroups, 1, 1})}));
  }
  const auto replayAll = [&](Recording &recording) {
    for (uint32_t i = 0; i < kReplays; ++i) {
      ASSERT_TRUE(recording.replay().ok());
    }
  };
  std::thread other([&] { replayAll(*recordings[1]); });
  replayAll(*recordings[0]);
  other.join();
  EXPECT_THAT(download<uint32_t>(device_, counts[0], kGroups), Each(kReplays));
  EXPECT_THAT(download<uint32_t>(device_, counts[1], kGroups), Each(kReplays));
}

} // namespace
