// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The null backend accepts every code, checks its arguments, and leaves results zero.
#include "tools/cria-plugin-test/DispatchHarness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace cria::conformance;
using testing::Each;
using testing::HasSubstr;

namespace {

class NullBackend : public testing::Test {
protected:
  Device device_{Backend::named("null")};
  const cria_backend_api &api_ = device_.api();
  cria_buffer *buffer_ = device_.allocate(256);

  Operand floats(uint64_t offset, std::vector<uint64_t> shape, uint32_t access = CRIA_ACCESS_READ) {
    return {.name = "values",
            .buffer = buffer_,
            .offset = offset,
            .size = 256 - offset,
            .shape = std::move(shape),
            .access = access};
  }
  void expectRefusal(const Entry &entry, cria_status status, const std::string &text) {
    const Recording recording(device_, nullptr, {entry});
    EXPECT_EQ(recording.outcome().status, status);
    EXPECT_THAT(recording.outcome().message, HasSubstr(text));
  }
  Entry op(Operand operand) {
    return {.kind = CRIA_ENTRY_OP, .name = "rms_norm", .operands = {std::move(operand)}};
  }
  Entry kernel(Operand operand) {
    return {.kind = CRIA_ENTRY_KERNEL, .name = "norm", .operands = {std::move(operand)}};
  }
};

TEST_F(NullBackend, TakesCodeOfEveryFormat) {
  for (const std::string format : {"cria.ops.v1", "elf.x86_64", "nv.cubin.sm_80", "something.else"}) {
    const cria_executable_info info{.struct_size = sizeof(info),
                                    .kernel_abi = 1,
                                    .format = {format.data(), format.size()},
                                    .features = {}};
    uint32_t score = 0;
    EXPECT_EQ(api_.probe(0, &info, &score, nullptr), CRIA_STATUS_OK);
    EXPECT_GT(score, 0u);
    cria_code *code = nullptr;
    EXPECT_TRUE(device_.load(info, {}, "", &code).ok());
  }
}

TEST_F(NullBackend, StartsBuffersAtZero) {
  cria_buffer *fresh = nullptr;
  ASSERT_EQ(allocateBuffer(api_, device_.context(), 1000, &fresh, nullptr), CRIA_STATUS_OK);
  EXPECT_THAT(device_.download(fresh, 1000), Each(std::byte{0}));
  api_.buffer_free(device_.context(), fresh);
}

TEST_F(NullBackend, RecordsOpsAndKernelsAndRunsNone) {
  const std::vector<std::byte> before = device_.download(buffer_, 256);
  const Outcome outcome =
      run(device_, nullptr,
          {op(floats(0, {8, 8}, CRIA_ACCESS_WRITE)), kernel(floats(64, {4, 4}, CRIA_ACCESS_WRITE))});
  EXPECT_TRUE(outcome.ok()) << outcome.message;
  EXPECT_EQ(device_.download(buffer_, 256), before);
}

TEST_F(NullBackend, ChecksOperands) {
  expectRefusal(op(floats(0, {8, 9})), CRIA_STATUS_INVALID_ARGUMENT, "outside its window");
  expectRefusal(op(floats(0, {UINT64_MAX, UINT64_MAX})), CRIA_STATUS_INVALID_ARGUMENT, "outside its window");
  expectRefusal(op(floats(2, {1})), CRIA_STATUS_INVALID_ARGUMENT, "not aligned");
  expectRefusal(kernel(floats(32, {1})), CRIA_STATUS_INVALID_ARGUMENT, "not aligned");
  Operand operand = floats(0, {1});
  operand.access = 0;
  expectRefusal(op(operand), CRIA_STATUS_INVALID_ARGUMENT, "access");
  operand = floats(0, {1});
  operand.type = 99;
  expectRefusal(op(operand), CRIA_STATUS_UNSUPPORTED, "type 99");
  operand = floats(64, {1});
  operand.size = 256;
  expectRefusal(op(operand), CRIA_STATUS_INVALID_ARGUMENT, "outside a buffer");
  EXPECT_TRUE(Recording(device_, nullptr, {op(floats(0, {0, 1000}))}).outcome().ok()); // no elements at all
}

TEST_F(NullBackend, ChecksGridsAndAttributes) {
  Entry entry = kernel(floats(0, {1}));
  entry.grid = {1, 1, 0};
  expectRefusal(entry, CRIA_STATUS_INVALID_ARGUMENT, "grid");
  entry = op(floats(0, {1}));
  entry.attributes = {{.name = "epsilon", .type = 42}};
  expectRefusal(entry, CRIA_STATUS_UNSUPPORTED, "epsilon");
}

TEST_F(NullBackend, ChecksStructSizes) {
  cria_open_options options{.struct_size = 4, .device = 0, .num_threads = 0, .flags = 0};
  cria_context *context = nullptr;
  EXPECT_EQ(api_.open(&options, &context, nullptr), CRIA_STATUS_INVALID_ARGUMENT);
  cria_record_info info{.struct_size = 4, .num_entries = 0, .entries = nullptr};
  cria_recording *recording = nullptr;
  EXPECT_EQ(api_.record(device_.context(), nullptr, &info, &recording, nullptr),
            CRIA_STATUS_INVALID_ARGUMENT);
}

} // namespace
