// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Replays: results, calls of the driver in a step, times, cancellation, several contexts at once.
#include "CudaFixture.h"

#include <atomic>
#include <thread>

using namespace cria::conformance;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

constexpr uint32_t kBufferFloats = 1024;

class CudaReplay : public CudaBackendTest, public testing::WithParamInterface<bool> {
protected:
  void SetUp() override {
    CudaBackendTest::SetUp();
    fakeCuda().deferred = GetParam();
    a_ = uploadFloats(std::vector<float>(kBufferFloats, 1));
    sum_ = uploadFloats(std::vector<float>(kBufferFloats, 0));
    scratch_ = uploadFloats(std::vector<float>(kBufferFloats, -1));
  }
  /// sum += a, by way of scratch and a copy; the first half of scratch is then 5.
  std::vector<Entry> stepEntries() const {
    return {addEntry(a_, sum_, scratch_, kBufferFloats),
            {.kind = CRIA_ENTRY_COPY,
             .name = "keep",
             .operands = {floats(scratch_, kBufferFloats, CRIA_ACCESS_READ),
                          floats(sum_, kBufferFloats, CRIA_ACCESS_WRITE)}},
            {.kind = CRIA_ENTRY_FILL,
             .name = "mark",
             .operands = {floats(scratch_, kBufferFloats / 2, CRIA_ACCESS_WRITE)},
             .fillValue = 0x40a00000u}};
  }
  cria_buffer *a_ = nullptr;
  cria_buffer *sum_ = nullptr;
  cria_buffer *scratch_ = nullptr;
};
INSTANTIATE_TEST_SUITE_P(Work, CudaReplay, testing::Bool(),
                         [](const auto &info) { return info.param ? "Waits" : "IsDoneAtOnce"; });

TEST_P(CudaReplay, RunsKernelsCopiesAndFillsInOrder) {
  Recording recording(*device_, code_, stepEntries());
  ASSERT_TRUE(recording.outcome().ok()) << recording.outcome().message;
  EXPECT_THAT(downloadFloats(sum_, kBufferFloats), Each(0.0f)); // recorded, not run
  for (int i = 0; i < 7; ++i) {
    ASSERT_TRUE(recording.replay().ok());
  }
  EXPECT_THAT(downloadFloats(sum_, kBufferFloats), Each(7.0f));
  const std::vector<float> marked = downloadFloats(scratch_, kBufferFloats);
  EXPECT_EQ(marked.front(), 5.0f);
  EXPECT_EQ(marked.back(), 7.0f);
}

// The claim of the design: a step is one upload, one launch, one download and one wait.
TEST_P(CudaReplay, AsksTheDriverForLittleInAStep) {
  std::vector<float> logits(kBufferFloats);
  std::vector<std::byte> inputs(4000);
  cria_buffer *step = device_->allocate(inputs);
  cria_recording *handle = nullptr;
  const cria_entry entry{.struct_size = sizeof(entry),
                         .kind = CRIA_ENTRY_KERNEL,
                         .name = {"narrow", 6},
                         .grid = {1, 1, 1},
                         .block = {32, 1, 1}};
  const cria_entry *entries[] = {&entry, &entry};
  const cria_record_info recorded{.struct_size = sizeof(recorded), .num_entries = 2, .entries = entries};
  ASSERT_EQ(api_.record(device_->context(), code_, &recorded, &handle, nullptr), CRIA_STATUS_OK);
  ASSERT_EQ(api_.finish(device_->queue(), nullptr), CRIA_STATUS_OK);
  fakeCuda().calls.clear();
  constexpr uint64_t kSteps = 50;
  for (uint64_t i = 0; i < kSteps; ++i) {
    ASSERT_EQ(api_.upload(device_->queue(), step, 0, inputs.data(), inputs.size(), nullptr), CRIA_STATUS_OK);
    ASSERT_EQ(api_.replay(device_->queue(), handle, nullptr, nullptr), CRIA_STATUS_OK);
    ASSERT_EQ(api_.download(device_->queue(), sum_, 0, logits.data(), kBufferFloats * 4, nullptr),
              CRIA_STATUS_OK);
    ASSERT_EQ(api_.finish(device_->queue(), nullptr), CRIA_STATUS_OK);
  }
  const std::map<std::string, uint64_t> expected = {
      {"cuCtxPushCurrent_v2", 4 * kSteps}, {"cuCtxPopCurrent_v2", 4 * kSteps}, {"cuEventQuery", kSteps},
      {"cuMemcpyHtoDAsync_v2", kSteps},    {"cuEventRecord", kSteps},          {"cuGraphLaunch", kSteps},
      {"cuMemcpyDtoHAsync_v2", kSteps},    {"cuStreamSynchronize", kSteps}};
  EXPECT_EQ(fakeCuda().calls, expected);
  api_.recording_free(device_->context(), handle);
}

TEST_P(CudaReplay, IsTimedEntryByEntry) {
  Recording recording(*device_, code_, {plainKernel("rests"), plainKernel("narrow"), plainKernel("rests")});
  std::array<uint64_t, 3> times{};
  cria_profile profile{.struct_size = sizeof(profile), .num_entries = 3, .nanoseconds = times.data()};
  ASSERT_EQ(api_.profile_enable(device_->queue(), 1, nullptr), CRIA_STATUS_OK);
  ASSERT_EQ(api_.profile_read(device_->queue(), &profile, nullptr), CRIA_STATUS_OK);
  EXPECT_EQ(profile.num_entries, 0u); // nothing replayed yet
  ASSERT_TRUE(recording.replay().ok());
  profile.num_entries = 3;
  ASSERT_EQ(api_.profile_read(device_->queue(), &profile, nullptr), CRIA_STATUS_OK);
  EXPECT_EQ(profile.num_entries, 3u);
  EXPECT_THAT(times, ElementsAre(2'001'000u, 1'000u, 2'001'000u)); // of the fake driver's clock
  EXPECT_EQ(fakeCuda().calls["cuGraphLaunch"], 0u);
  ASSERT_EQ(api_.profile_enable(device_->queue(), 0, nullptr), CRIA_STATUS_OK);
  ASSERT_TRUE(recording.replay().ok());
  EXPECT_EQ(fakeCuda().calls["cuGraphLaunch"], 1u);
}

TEST_P(CudaReplay, TimedGivesTheSameResults) {
  ASSERT_EQ(api_.profile_enable(device_->queue(), 1, nullptr), CRIA_STATUS_OK);
  Recording recording(*device_, code_, stepEntries());
  ASSERT_TRUE(recording.replay().ok());
  EXPECT_THAT(downloadFloats(sum_, kBufferFloats), Each(1.0f));
}

TEST_P(CudaReplay, IsNotBegunWhenCancelled) {
  Recording recording(*device_, code_, stepEntries());
  const int32_t cancel = 1;
  EXPECT_EQ(recording.replay(&cancel).status, CRIA_STATUS_CANCELLED);
  EXPECT_THAT(downloadFloats(sum_, kBufferFloats), Each(0.0f));
  const int32_t goOn = 0;
  EXPECT_TRUE(recording.replay(&goOn).ok());
}

TEST_P(CudaReplay, ThatLosesTheDeviceReportsItAndLeavesNothing) {
  Recording recording(*device_, code_, {plainKernel("illegal_address")});
  const Outcome outcome = recording.replay();
  EXPECT_EQ(outcome.status, CRIA_STATUS_DEVICE_LOST);
  EXPECT_THAT(outcome.message, HasSubstr("CUDA_ERROR_ILLEGAL_ADDRESS"));
  EXPECT_THAT(outcome.message, HasSubstr("close all models on this device"));
  std::byte byte{};
  EXPECT_EQ(api_.upload(device_->queue(), a_, 0, &byte, 1, nullptr), CRIA_STATUS_DEVICE_LOST);
}

TEST_P(CudaReplay, OfAnotherModelWorksAfterALossIsClosed) {
  {
    Recording recording(*device_, code_, {plainKernel("narrow")});
    fakeCuda().loseAtKernel = 2;
    EXPECT_TRUE(recording.replay().ok());
    EXPECT_EQ(recording.replay().status, CRIA_STATUS_DEVICE_LOST);
  }
  device_.reset();
  EXPECT_EQ(fakeCuda().live, 0);
  open();
  a_ = uploadFloats(std::vector<float>(kBufferFloats, 2));
  sum_ = uploadFloats(std::vector<float>(kBufferFloats, 0));
  scratch_ = uploadFloats(std::vector<float>(kBufferFloats, 0));
  Recording recording(*device_, code_, stepEntries());
  EXPECT_TRUE(recording.replay().ok());
  EXPECT_THAT(downloadFloats(sum_, kBufferFloats), Each(2.0f));
}

// A download that the loss overtakes is not written to memory that its caller may have given up.
TEST_P(CudaReplay, ThatLosesTheDeviceDeliversNothing) {
  Recording recording(*device_, code_, {plainKernel("illegal_address")});
  std::vector<std::byte> arrived(64, std::byte{9});
  EXPECT_EQ(recording.replay().status, CRIA_STATUS_DEVICE_LOST);
  (void)api_.download(device_->queue(), a_, 0, arrived.data(), 64, nullptr);
  EXPECT_EQ(api_.finish(device_->queue(), nullptr), CRIA_STATUS_DEVICE_LOST);
  EXPECT_THAT(arrived, Each(std::byte{9}));
}

/// Runs a model of its own on the device: many steps, each checked.
void runSession(float value, std::atomic<int> &failures) {
  Device device(Backend::named("cuda"));
  cria_code *code = nullptr;
  failures += !device.load(executableInfo("nv.ptx", kTestFeatures), bytesOf(kTestPtx), "", &code).ok();
  std::vector<float> values(kBufferFloats, value);
  std::vector<std::byte> bytes(kBufferFloats * sizeof(float));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  cria_buffer *a = device.allocate(bytes);
  cria_buffer *sum = device.allocate(std::vector<std::byte>(bytes.size()));
  Recording recording(device, code, {addEntry(a, sum, sum, kBufferFloats)});
  for (int step = 1; step <= 100; ++step) {
    failures += !recording.replay().ok();
    const std::vector<std::byte> arrived = device.download(sum, bytes.size());
    std::memcpy(values.data(), arrived.data(), bytes.size());
    failures += values.back() != value * static_cast<float>(step);
  }
}

TEST_P(CudaReplay, RunsInSeveralContextsAtOnce) {
  std::atomic<int> failures{0};
  std::vector<std::thread> sessions;
  for (int i = 0; i < 4; ++i) {
    sessions.emplace_back([&failures, i] { runSession(static_cast<float>(i + 1), failures); });
  }
  for (std::thread &session : sessions) {
    session.join();
  }
  EXPECT_EQ(failures, 0);
}

} // namespace
