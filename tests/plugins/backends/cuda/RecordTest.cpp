// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the cuda backend refuses to record, and its calls of the driver.
#include "CudaFixture.h"

using namespace cria::conformance;
using testing::HasSubstr;

namespace {

class CudaRecord : public CudaBackendTest {
protected:
  void SetUp() override {
    CudaBackendTest::SetUp();
    buffer_ = device_->allocate(4096);
    other_ = device_->allocate(4096);
    add_ = addEntry(buffer_, other_, other_, 1024);
  }
  void expectRefusal(const Entry &entry, cria_status status, const std::string &text) {
    const Recording recording(*device_, code_, {entry});
    EXPECT_EQ(recording.outcome().status, status);
    EXPECT_THAT(recording.outcome().message, HasSubstr(text));
    EXPECT_THAT(recording.outcome().message, HasSubstr("entry 0 '" + entry.name + "'"));
  }
  bool records(const Entry &entry) { return Recording(*device_, code_, {entry}).outcome().ok(); }

  cria_buffer *buffer_ = nullptr;
  cria_buffer *other_ = nullptr;
  Entry add_;
};

TEST_F(CudaRecord, RefusesKernelsThatAreNotThere) {
  expectRefusal(plainKernel("no_such_kernel"), CRIA_STATUS_NOT_FOUND, "no such kernel");
  expectRefusal(plainKernel(""), CRIA_STATUS_NOT_FOUND, "no such kernel");
  EXPECT_EQ(Recording(*device_, nullptr, {add_}).outcome().status, CRIA_STATUS_INVALID_ARGUMENT);
}

TEST_F(CudaRecord, RefusesOpsCollectivesAndUnknownKinds) {
  expectRefusal({.kind = CRIA_ENTRY_OP, .name = "rms_norm"}, CRIA_STATUS_UNSUPPORTED,
                "compiled kernels, not ops");
  expectRefusal({.kind = CRIA_ENTRY_COLLECTIVE, .name = "all_reduce"}, CRIA_STATUS_UNSUPPORTED,
                "collectives");
  expectRefusal({.kind = 77, .name = "mystery"}, CRIA_STATUS_UNSUPPORTED, "77");
}

TEST_F(CudaRecord, RefusesBlocksBeyondTheKernelAndTheDevice) {
  Entry entry = plainKernel("narrow");
  entry.block = {256, 1, 1};
  EXPECT_TRUE(records(entry));
  entry.block = {16, 17, 1};
  expectRefusal(entry, CRIA_STATUS_INVALID_ARGUMENT, "at most 256 threads, got 272");
  for (const std::array<uint32_t, 3> block :
       {std::array{0u, 0u, 0u}, {32u, 1u, 0u}, {1025u, 1u, 1u}, {1u, 1u, 65u}}) {
    entry.block = block;
    expectRefusal(entry, CRIA_STATUS_INVALID_ARGUMENT, "expected a block of 1 x 1 x 1");
  }
}

TEST_F(CudaRecord, RefusesGridsBeyondTheDevice) {
  Entry entry = plainKernel("narrow");
  entry.grid = {0x7FFFFFFF, 65535, 65535};
  EXPECT_TRUE(records(entry));
  for (const std::array<uint32_t, 3> grid :
       {std::array{0x80000000u, 1u, 1u}, {1u, 65536u, 1u}, {1u, 1u, 65536u}, {1u, 0u, 1u}}) {
    entry.grid = grid;
    expectRefusal(entry, CRIA_STATUS_INVALID_ARGUMENT,
                  "expected a grid of 1 x 1 x 1 to 2147483647 x 65535 x 65535");
  }
}

TEST_F(CudaRecord, AsksForSharedMemoryUpToTheLimitOfTheDevice) {
  Entry entry = plainKernel("shares"); // 1024 bytes of its own
  const auto asked = [] { return fakeCuda().calls["cuFuncSetAttribute"]; };
  entry.scratchBytes = 47 << 10;
  EXPECT_TRUE(records(entry));
  EXPECT_EQ(asked(), 0u);
  entry.scratchBytes = 48 << 10;
  EXPECT_TRUE(records(entry));
  EXPECT_EQ(asked(), 1u);
  entry.scratchBytes = 166912 - 1024;
  EXPECT_TRUE(records(entry));
  EXPECT_EQ(asked(), 2u);
  entry.scratchBytes = 100 << 10; // less than before: nothing to ask for
  EXPECT_TRUE(records(entry));
  EXPECT_EQ(asked(), 2u);
  for (const uint64_t bytes : {uint64_t{166912 - 1023}, uint64_t{1} << 32, UINT64_MAX}) {
    entry.scratchBytes = bytes;
    expectRefusal(entry, CRIA_STATUS_UNSUPPORTED, "this device has 166912");
  }
}

TEST_F(CudaRecord, RefusesOperandsThatAreNotTheKernelsParameters) {
  EXPECT_TRUE(records(add_));
  // An older driver cannot report the parameters of a kernel, but refuses the launch.
  const bool isTold = fakeCuda().calls["cuFuncGetParamInfo"] != 0;
  const cria_status status = isTold ? CRIA_STATUS_INVALID_ARGUMENT : CRIA_STATUS_INTERNAL;
  add_.operands.pop_back();
  expectRefusal(add_, status,
                isTold ? "expects 24 bytes of parameters, its operands have 16" : "INVALID_VALUE");
  add_.operands.clear();
  expectRefusal(add_, status, isTold ? "its operands have 0" : "INVALID_VALUE");
}

TEST_F(CudaRecord, RefusesWindowsThatAreOutsideMisalignedOrOfUnknownAccess) {
  Entry entry = add_;
  entry.operands[1].offset = 64;
  expectRefusal(entry, CRIA_STATUS_INVALID_ARGUMENT, "outside a buffer of 4096 bytes");
  entry.operands[1].size = 64;
  entry.operands[1].offset = 32;
  expectRefusal(entry, CRIA_STATUS_INVALID_ARGUMENT, "multiple of 64");
  entry.operands[1].offset = 64;
  entry.operands[1].access = 9;
  expectRefusal(entry, CRIA_STATUS_INVALID_ARGUMENT, "access 9");
  entry.operands[1].buffer = nullptr;
  expectRefusal(entry, CRIA_STATUS_INVALID_ARGUMENT, "no buffer");
  entry = add_;
  entry.attributes = {intAttribute("width", 1)};
  expectRefusal(entry, CRIA_STATUS_INVALID_ARGUMENT, "attributes");
}

TEST_F(CudaRecord, RefusesCopiesAndFillsThatDoNotFit) {
  Entry copy{.kind = CRIA_ENTRY_COPY,
             .name = "move",
             .operands = {floats(buffer_, 16, CRIA_ACCESS_READ), floats(buffer_, 16, CRIA_ACCESS_WRITE, 32)}};
  expectRefusal(copy, CRIA_STATUS_INVALID_ARGUMENT, "overlap");
  copy.operands[1].offset = 64;
  EXPECT_TRUE(records(copy));
  copy.operands[0].size = 32;
  expectRefusal(copy, CRIA_STATUS_INVALID_ARGUMENT, "equal size, got 32 and 64");
  copy.operands.pop_back();
  expectRefusal(copy, CRIA_STATUS_INVALID_ARGUMENT, "expected 2 operands, got 1");
  Entry fill{
      .kind = CRIA_ENTRY_FILL, .name = "clear", .operands = {floats(buffer_, 8, CRIA_ACCESS_WRITE, 2)}};
  expectRefusal(fill, CRIA_STATUS_INVALID_ARGUMENT, "multiples of 4");
  fill.operands[0] = floats(buffer_, 8, CRIA_ACCESS_READ);
  expectRefusal(fill, CRIA_STATUS_INVALID_ARGUMENT, "write access");
}

TEST_F(CudaRecord, LeavesNoCaptureOpenWhenALaunchFails) {
  fakeCuda().failFunction = "cuLaunchKernel";
  fakeCuda().failCall = 2;
  fakeCuda().failResult = 1;
  const Recording failed(*device_, code_, {add_, add_, add_});
  EXPECT_EQ(failed.outcome().status, CRIA_STATUS_INTERNAL);
  EXPECT_THAT(failed.outcome().message, HasSubstr("entry 1 'add_f32': CUDA_ERROR_INVALID_VALUE"));
  EXPECT_TRUE(records(add_));
}

TEST_F(CudaRecord, TakesSpillingKernelsAndEmptyRecordings) {
  EXPECT_TRUE(records(plainKernel("spills")));
  Recording empty(*device_, nullptr, {});
  ASSERT_TRUE(empty.outcome().ok());
  EXPECT_TRUE(empty.replay().ok());
}

} // namespace
