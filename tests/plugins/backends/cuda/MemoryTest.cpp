// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Buffers and transfers, with work that the driver runs immediately or later.
#include "CudaFixture.h"

#include <thread>

using namespace cria::conformance;
using testing::AllOf;
using testing::HasSubstr;

namespace {

class CudaMemory : public CudaBackendTest, public testing::WithParamInterface<bool> {
protected:
  void SetUp() override {
    CudaBackendTest::SetUp();
    fakeCuda().deferred = GetParam();
  }
  cria_buffer *allocateEmpty(uint64_t size) { return device_->allocate(std::vector<std::byte>(size)); }
  void finish() { ASSERT_EQ(api_.finish(device_->queue(), nullptr), CRIA_STATUS_OK); }
};
INSTANTIATE_TEST_SUITE_P(Work, CudaMemory, testing::Bool(),
                         [](const auto &info) { return info.param ? "Waits" : "IsDoneAtOnce"; });

constexpr uint64_t kSmall = 64 << 10;
constexpr uint64_t kLarge = 8 << 20;

TEST_P(CudaMemory, ComesBackAsItWentWhateverTheSize) {
  for (const uint64_t size : {uint64_t{1}, kSmall - 1, kSmall, kSmall + 1, kLarge - 1, kLarge, kLarge + 1,
                              3 * kLarge, 4 * kLarge + 5}) {
    const std::vector<std::byte> bytes = pattern(size);
    cria_buffer *buffer = device_->allocate(bytes);
    EXPECT_TRUE(device_->download(buffer, size) == bytes) << size;
  }
}

TEST_P(CudaMemory, ComesBackBeyondTheLargestRoomForDownloads) {
  const std::vector<std::byte> bytes = pattern((64 << 20) + 12345);
  cria_buffer *buffer = device_->allocate(bytes);
  EXPECT_TRUE(device_->download(buffer, bytes.size()) == bytes);
}

TEST_P(CudaMemory, GivenToUploadMayChangeAtOnce) {
  constexpr size_t kUploads = 100; // more than there are slots
  cria_buffer *buffer = allocateEmpty(kUploads * kSmall);
  std::vector<std::byte> expected;
  for (size_t i = 0; i < kUploads; ++i) {
    std::vector<std::byte> bytes = pattern(kSmall, static_cast<uint32_t>(i));
    expected.insert(expected.end(), bytes.begin(), bytes.end());
    ASSERT_EQ(api_.upload(device_->queue(), buffer, i * kSmall, bytes.data(), bytes.size(), nullptr),
              CRIA_STATUS_OK);
    std::fill(bytes.begin(), bytes.end(), std::byte{0});
  }
  EXPECT_TRUE(device_->download(buffer, expected.size()) == expected);
}

TEST_P(CudaMemory, OfSeveralDownloadsArrivesWithOneWait) {
  constexpr size_t kSize = 400 << 10; // three do not fit into the first room
  const std::vector<std::byte> bytes = pattern(5 * kSize);
  cria_buffer *buffer = device_->allocate(bytes);
  std::vector<std::byte> arrived(bytes.size());
  for (size_t i = 0; i < 5; ++i) {
    ASSERT_EQ(api_.download(device_->queue(), buffer, i * kSize, arrived.data() + i * kSize, kSize, nullptr),
              CRIA_STATUS_OK);
  }
  finish();
  EXPECT_TRUE(arrived == bytes);
}

TEST_P(CudaMemory, IsFilledAndCopiedInOrder) {
  cria_buffer *buffer = allocateEmpty(4096);
  cria_buffer *other = device_->allocate(pattern(4096));
  ASSERT_EQ(api_.fill(device_->queue(), buffer, 1024, 2048, 0x01010101, nullptr), CRIA_STATUS_OK);
  ASSERT_EQ(api_.copy(device_->queue(), other, 0, buffer, 0, 4096, nullptr), CRIA_STATUS_OK);
  ASSERT_EQ(api_.fill(device_->queue(), buffer, 0, 4096, 7, nullptr), CRIA_STATUS_OK);
  std::vector<std::byte> expected(4096);
  std::fill(expected.begin() + 1024, expected.begin() + 3072, std::byte{1});
  EXPECT_TRUE(device_->download(other, 4096) == expected);
  EXPECT_EQ(api_.copy(device_->queue(), buffer, 64, buffer, 0, 128, nullptr), CRIA_STATUS_INVALID_ARGUMENT);
  EXPECT_EQ(api_.copy(device_->queue(), buffer, 128, buffer, 0, 128, nullptr), CRIA_STATUS_OK);
  finish();
}

TEST_P(CudaMemory, IsDeliveredByWhoeverWaitsForAnEvent) {
  const std::vector<std::byte> bytes = pattern(1000);
  cria_buffer *buffer = device_->allocate(bytes);
  std::vector<std::byte> arrived(1000);
  ASSERT_EQ(api_.download(device_->queue(), buffer, 0, arrived.data(), 1000, nullptr), CRIA_STATUS_OK);
  cria_event *event = nullptr;
  ASSERT_EQ(api_.signal(device_->queue(), &event, nullptr), CRIA_STATUS_OK);
  if (GetParam()) {
    EXPECT_EQ(api_.event_wait(event, 0, nullptr), CRIA_STATUS_TIMEOUT);
  }
  std::thread([&] { EXPECT_EQ(api_.event_wait(event, 1'000'000'000, nullptr), CRIA_STATUS_OK); }).join();
  EXPECT_TRUE(arrived == bytes);
  EXPECT_EQ(api_.event_wait(event, UINT64_MAX, nullptr), CRIA_STATUS_OK);
  api_.event_free(event);
}

TEST_P(CudaMemory, OfAQueueThatGoesWithWorkLeftIsNotTorn) {
  cria_buffer *buffer = allocateEmpty(3 * kLarge);
  finish(); // the other queue knows nothing of this one's work
  cria_queue *queue = nullptr;
  ASSERT_EQ(api_.queue_create(device_->context(), &queue, nullptr), CRIA_STATUS_OK);
  const std::vector<std::byte> bytes = pattern(3 * kLarge);
  ASSERT_EQ(api_.upload(queue, buffer, 0, bytes.data(), bytes.size(), nullptr), CRIA_STATUS_OK);
  api_.queue_free(queue);
  EXPECT_TRUE(device_->download(buffer, bytes.size()) == bytes);
}

TEST_P(CudaMemory, ThatIsNotThereIsNamedWithWhatIsFree) {
  cria_buffer *buffer = nullptr;
  const uint64_t size = fakeCuda().memoryBytes;
  device_->allocate(uint64_t{1} << 20);
  const Outcome outcome =
      outcomeOf([&](cria_message *m) { return allocateBuffer(api_, device_->context(), size, &buffer, m); });
  EXPECT_EQ(outcome.status, CRIA_STATUS_OUT_OF_MEMORY);
  EXPECT_THAT(outcome.message, AllOf(HasSubstr("needs 268435456 bytes of device memory"),
                                     HasSubstr("267386880 of 268435456 are free")));
  EXPECT_EQ(buffer, nullptr);
}

} // namespace
