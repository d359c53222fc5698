// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the cpu backend refuses to record, and its messages.
#include "CpuFixture.h"

#include <functional>

using namespace cria::conformance;
using testing::HasSubstr;

namespace {

class CpuRecord : public CpuBackendTest {
protected:
  cria_buffer *buffer_ = device_.allocate(256);
  Entry kernel_{.kind = CRIA_ENTRY_KERNEL, .name = "set_flag", .operands = {words(buffer_, 16)}};
  Entry copy_{.kind = CRIA_ENTRY_COPY,
              .name = "move",
              .operands = {words(buffer_, 8, CRIA_ACCESS_READ), words(buffer_, 8)}};

  void expectRefusal(const Entry &entry, cria_status status, const std::string &text) {
    const Recording recording(device_, code_, {entry});
    EXPECT_EQ(recording.outcome().status, status) << recording.outcome().message;
    EXPECT_THAT(recording.outcome().message, HasSubstr(text));
    EXPECT_THAT(recording.outcome().message, HasSubstr("'" + entry.name + "'"));
  }
};

TEST_F(CpuRecord, TakesWhatIsInOrder) {
  EXPECT_TRUE(Recording(device_, code_, {kernel_, copy_}).outcome().ok());
}

TEST_F(CpuRecord, NamesAnUnknownKernel) {
  kernel_.name = "no_such_kernel";
  expectRefusal(kernel_, CRIA_STATUS_NOT_FOUND, "no such kernel");
}

TEST_F(CpuRecord, NeedsCodeForKernelsButNotForCopies) {
  EXPECT_EQ(Recording(device_, nullptr, {kernel_}).outcome().status, CRIA_STATUS_INVALID_ARGUMENT);
  EXPECT_TRUE(Recording(device_, nullptr, {copy_}).outcome().ok());
}

TEST_F(CpuRecord, RefusesOpsCollectivesAndUnknownKinds) {
  expectRefusal({.kind = CRIA_ENTRY_OP, .name = "rms_norm"}, CRIA_STATUS_UNSUPPORTED, "ops");
  expectRefusal({.kind = CRIA_ENTRY_COLLECTIVE, .name = "all_reduce"}, CRIA_STATUS_UNSUPPORTED,
                "collectives");
  expectRefusal({.kind = 77, .name = "mystery"}, CRIA_STATUS_UNSUPPORTED, "77");
}

TEST_F(CpuRecord, RefusesWindowsOutsideTheBuffer) {
  kernel_.operands[0].size = 257;
  expectRefusal(kernel_, CRIA_STATUS_INVALID_ARGUMENT, "outside a buffer of 256 bytes");
  kernel_.operands[0].size = 256;
  kernel_.operands[0].offset = 64;
  expectRefusal(kernel_, CRIA_STATUS_INVALID_ARGUMENT, "outside a buffer of 256 bytes");
  kernel_.operands[0].offset = UINT64_MAX - 63;
  expectRefusal(kernel_, CRIA_STATUS_INVALID_ARGUMENT, "outside a buffer of 256 bytes");
}

TEST_F(CpuRecord, RefusesMisalignedOperands) {
  kernel_.operands[0].offset = 32;
  expectRefusal(kernel_, CRIA_STATUS_INVALID_ARGUMENT, "multiple of 64");
}

TEST_F(CpuRecord, RefusesUnknownAccess) {
  kernel_.operands[0].access = 9;
  expectRefusal(kernel_, CRIA_STATUS_INVALID_ARGUMENT, "access 9");
}

TEST_F(CpuRecord, RefusesGridsAndBlocksItCannotRun) {
  Entry entry = kernel_;
  entry.grid = {1, 0, 1};
  expectRefusal(entry, CRIA_STATUS_INVALID_ARGUMENT, "grid");
  entry.grid = {0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF};
  expectRefusal(entry, CRIA_STATUS_INVALID_ARGUMENT, "grid");
  entry = kernel_;
  entry.block = {128, 1, 1};
  expectRefusal(entry, CRIA_STATUS_INVALID_ARGUMENT, "block");
}

TEST_F(CpuRecord, RefusesMoreScratchThanThereIs) {
  kernel_.scratchBytes = uint64_t{1} << 60;
  const Recording recording(device_, code_, {kernel_});
  EXPECT_EQ(recording.outcome().status, CRIA_STATUS_OUT_OF_MEMORY);
  EXPECT_THAT(recording.outcome().message, HasSubstr("1152921504606846976 bytes"));
}

TEST_F(CpuRecord, RefusesCopiesAndFillsThatDoNotFit) {
  Entry entry = copy_;
  entry.operands[0].size = 16;
  expectRefusal(entry, CRIA_STATUS_INVALID_ARGUMENT, "equal size, got 16 and 32");
  entry = copy_;
  entry.operands.pop_back();
  expectRefusal(entry, CRIA_STATUS_INVALID_ARGUMENT, "expected 2 operands, got 1");
  Entry fill{.kind = CRIA_ENTRY_FILL, .name = "clear", .operands = {words(buffer_, 8)}};
  fill.operands[0].offset = 2;
  expectRefusal(fill, CRIA_STATUS_INVALID_ARGUMENT, "multiples of 4");
  fill.operands[0] = words(buffer_, 8, CRIA_ACCESS_READ);
  expectRefusal(fill, CRIA_STATUS_INVALID_ARGUMENT, "write access");
}

TEST_F(CpuRecord, RefusesToWriteImportedMemory) {
  alignas(64) static const std::array<std::byte, 256> kMemory{};
  cria_buffer *imported = nullptr;
  ASSERT_EQ(
      device_.api().buffer_import(device_.context(), kMemory.data(), kMemory.size(), &imported, nullptr),
      CRIA_STATUS_OK);
  kernel_.operands[0].buffer = imported;
  expectRefusal(kernel_, CRIA_STATUS_INVALID_ARGUMENT, "read-only");
  kernel_.operands[0].access = CRIA_ACCESS_READ;
  EXPECT_TRUE(Recording(device_, code_, {kernel_}).outcome().ok());
  device_.api().buffer_free(device_.context(), imported);
}

TEST(CpuOpen, RefusesUnknownDevicesFlagsAndThreadCounts) {
  const cria_backend_api &api = Backend::named("cpu").api();
  const auto open = [&](uint32_t device, uint32_t numThreads, uint32_t flags) {
    const cria_open_options options{sizeof(cria_open_options), device, numThreads, flags};
    cria_context *context = nullptr;
    return outcomeOf([&](cria_message *message) { return api.open(&options, &context, message); }).status;
  };
  EXPECT_EQ(open(1, 1, 0), CRIA_STATUS_NOT_FOUND);
  EXPECT_EQ(open(0, 1, 0x80), CRIA_STATUS_INVALID_ARGUMENT);
  EXPECT_EQ(open(0, 1000000, 0), CRIA_STATUS_INVALID_ARGUMENT);
}

} // namespace
