// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernels through the plugin interface: probes, recordings, refusals, and the status of a replay with a
// finding of the simulator.
#include "tools/cria-plugin-test/DispatchHarness.h"

#include "plugins/api/kernel_abi.h"

#include <cstring>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace cria::conformance;
using testing::HasSubstr;

namespace {

/// out[block * 32 + thread] = 2 in[..], and a copy of the input through shared memory.
constexpr const char *kCode = R"(target triple = "nvptx64-nvidia-cuda"
@shared = external addrspace(3) global [0 x i8], align 16
define ptx_kernel void @twice(ptr addrspace(1) %in, ptr addrspace(1) %out) "nvvm.maxntid"="32" {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %b = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
  %base = shl i32 %b, 5
  %i = add i32 %base, %t
  %pi = getelementptr float, ptr addrspace(1) %in, i32 %i
  %po = getelementptr float, ptr addrspace(1) %out, i32 %i
  %ps = getelementptr float, ptr addrspace(3) @shared, i32 %t
  %x = load float, ptr addrspace(1) %pi
  store float %x, ptr addrspace(3) %ps
  %y = load float, ptr addrspace(3) %ps
  %z = fadd float %x, %y
  store float %z, ptr addrspace(1) %po
  ret void
}
)";

std::vector<std::byte> bytesOf(const void *data, size_t size) {
  std::vector<std::byte> bytes(size);
  std::memcpy(bytes.data(), data, size);
  return bytes;
}

cria_string text(const char *value) { return {value, std::strlen(value)}; }

class GpuSimBackend : public testing::Test {
protected:
  const Backend &backend_ = Backend::named("gpusim");
  Device device_{backend_};
  cria_code *code_ = nullptr;

  static cria_executable_info info(const char *features = "sm_80", const char *format = "gpusim.bitcode") {
    return {.struct_size = sizeof(cria_executable_info),
            .kernel_abi = CRIA_GPU_KERNEL_ABI_VERSION,
            .format = text(format),
            .features = text(features)};
  }
  Outcome load(const char *source = kCode, const char *features = "sm_80") {
    return device_.load(info(features), bytesOf(source, std::strlen(source)), "", &code_);
  }
  void SetUp() override { ASSERT_TRUE(load().ok()); }

  std::vector<float> numbers_{std::vector<float>(64)};
  cria_buffer *in_ = device_.allocate(bytesOf(numbers_.data(), 256));
  cria_buffer *out_ = device_.allocate(256);

  Operand window(const char *name, cria_buffer *buffer, uint32_t access, uint64_t size = 256) {
    return {.name = name, .buffer = buffer, .size = size, .shape = {size / 4}, .access = access};
  }
  Entry twice_{.kind = CRIA_ENTRY_KERNEL,
               .name = "twice",
               .operands = {window("in", in_, CRIA_ACCESS_READ), window("out", out_, CRIA_ACCESS_WRITE)},
               .grid = {2, 1, 1},
               .block = {32, 1, 1},
               .scratchBytes = 128};

  void expectRefusal(const Entry &entry, cria_status status, const std::string &reason) {
    const Recording recording(device_, code_, {entry});
    EXPECT_EQ(recording.outcome().status, status);
    EXPECT_THAT(recording.outcome().message, HasSubstr(reason));
  }
};

TEST_F(GpuSimBackend, RunsKernels) {
  for (size_t i = 0; i < numbers_.size(); ++i) {
    numbers_[i] = static_cast<float>(i);
  }
  ASSERT_EQ(device_.api().upload(device_.queue(), in_, 0, numbers_.data(), 256, nullptr), CRIA_STATUS_OK);
  const Outcome outcome = run(device_, code_, {twice_});
  ASSERT_TRUE(outcome.ok()) << outcome.message;
  const std::vector<std::byte> bytes = device_.download(out_, 256);
  for (size_t i = 0; i < numbers_.size(); ++i) {
    float value = 0;
    std::memcpy(&value, bytes.data() + 4 * i, sizeof(value));
    EXPECT_EQ(value, 2 * numbers_[i]);
  }
}

TEST_F(GpuSimBackend, AnswersWithTheFinding) {
  twice_.operands[1].size = 252;
  const Outcome outcome = run(device_, code_, {twice_});
  EXPECT_EQ(outcome.status, CRIA_STATUS_INTERNAL);
  EXPECT_THAT(
      outcome.message,
      HasSubstr("entry 0 'twice': out-of-bounds write of buffer '1 out': kernel 'twice', block (1,0,0)"));
}

TEST_F(GpuSimBackend, ChecksAccessRights) {
  twice_.operands[1].access = CRIA_ACCESS_READ;
  EXPECT_THAT(run(device_, code_, {twice_}).message, HasSubstr("write to read-only buffer '1 out'"));
}

// A buffer holds values where they were uploaded, filled, copied or stored.
TEST_F(GpuSimBackend, KnowsWhatBuffersHold) {
  cria_buffer *fresh = nullptr;
  ASSERT_EQ(allocateBuffer(device_.api(), device_.context(), 256, &fresh, nullptr), CRIA_STATUS_OK);
  twice_.operands[0].buffer = fresh;
  EXPECT_THAT(run(device_, code_, {twice_}).message,
              HasSubstr("uninitialized read of global memory, buffer '0 in'"));
  ASSERT_EQ(device_.api().fill(device_.queue(), fresh, 0, 128, 0, nullptr), CRIA_STATUS_OK);
  EXPECT_THAT(run(device_, code_, {twice_}).message, HasSubstr("block (1,0,0), thread (0,0,0)"));
  ASSERT_EQ(device_.api().copy(device_.queue(), fresh, 128, in_, 0, 128, nullptr), CRIA_STATUS_OK);
  EXPECT_EQ(run(device_, code_, {twice_}).message, "");
  device_.api().buffer_free(device_.context(), fresh);
}

// So that a poisoned arena shows what a step reads of the step before.
TEST_F(GpuSimBackend, AFillWithNanTakesValuesAway) {
  constexpr uint32_t kQuietNan = 0x7FC00000;
  ASSERT_EQ(device_.api().fill(device_.queue(), in_, 0, 256, kQuietNan, nullptr), CRIA_STATUS_OK);
  EXPECT_THAT(run(device_, code_, {twice_}).message, HasSubstr("uninitialized read of global memory"));
  ASSERT_EQ(device_.api().fill(device_.queue(), in_, 0, 256, 0, nullptr), CRIA_STATUS_OK);
  EXPECT_EQ(run(device_, code_, {twice_}).message, "");
  const Entry poison{.kind = CRIA_ENTRY_FILL,
                     .name = "poison",
                     .operands = {window("in", in_, CRIA_ACCESS_WRITE)},
                     .fillValue = kQuietNan};
  EXPECT_THAT(run(device_, code_, {poison, twice_}).message,
              HasSubstr("uninitialized read of global memory"));
}

TEST_F(GpuSimBackend, CopiesWhatIsUnknownAsUnknown) {
  cria_buffer *fresh = nullptr;
  ASSERT_EQ(allocateBuffer(device_.api(), device_.context(), 256, &fresh, nullptr), CRIA_STATUS_OK);
  ASSERT_EQ(device_.api().copy(device_.queue(), in_, 0, fresh, 0, 4, nullptr), CRIA_STATUS_OK);
  EXPECT_THAT(run(device_, code_, {twice_}).message, HasSubstr("uninitialized read"));
  device_.api().buffer_free(device_.context(), fresh);
}

TEST_F(GpuSimBackend, RefusesLaunchesThatADriverWouldRefuse) {
  Entry entry = twice_;
  entry.name = "thrice";
  expectRefusal(entry, CRIA_STATUS_NOT_FOUND, "no such kernel");
  entry = twice_;
  entry.block = {64, 1, 1};
  expectRefusal(entry, CRIA_STATUS_INVALID_ARGUMENT,
                "expected a block of 32x1x1 for this kernel, got 64x1x1");
  entry = twice_;
  entry.grid = {1, 65536, 1};
  expectRefusal(entry, CRIA_STATUS_INVALID_ARGUMENT, "grid");
  entry = twice_;
  entry.scratchBytes = 166913;
  expectRefusal(entry, CRIA_STATUS_INVALID_ARGUMENT, "at most 166912 bytes of shared memory");
  entry = twice_;
  entry.operands[0].offset = 32;
  entry.operands[0].size = 128;
  expectRefusal(entry, CRIA_STATUS_INVALID_ARGUMENT, "not a multiple of 64");
  entry = twice_;
  entry.operands.pop_back();
  expectRefusal(entry, CRIA_STATUS_INVALID_ARGUMENT, "expected 2 operands for the kernel, got 1");
}

TEST_F(GpuSimBackend, RefusesOtherCode) {
  EXPECT_EQ(load("no code").status, CRIA_STATUS_INCOMPATIBLE_CODE);
  EXPECT_THAT(load(kCode, "sm_70").message, HasSubstr("got 'sm_70'"));
  EXPECT_TRUE(load(kCode, "sm_90").ok());
  uint32_t score = 1;
  const auto probe = [&](const cria_executable_info &asked) {
    return outcomeOf([&](cria_message *message) { return device_.api().probe(0, &asked, &score, message); });
  };
  EXPECT_THAT(probe(info("sm_80", "nv.ptx")).message, HasSubstr("expected format 'gpusim.bitcode'"));
  EXPECT_EQ(score, 0u);
  cria_executable_info other = info();
  other.kernel_abi = CRIA_GPU_KERNEL_ABI_VERSION + 1;
  EXPECT_THAT(probe(other).message, HasSubstr("kernel ABI"));
  EXPECT_TRUE(probe(info("sm_89")).ok());
  EXPECT_GT(score, 0u);
}

} // namespace
