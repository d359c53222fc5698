// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The fixture of tests of the cuda backend: an opened device on the fake driver with its kernels loaded, and
// the check that everything is released.
#pragma once

#include "plugins/sdk/cria_plugin.hpp"
#include "tests/plugins/backends/cuda/fake_driver/Control.h"
#include "tools/cria-plugin-test/DispatchHarness.h"

#include <cstring>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>

namespace cria::conformance {

/// The fake driver of this process.
fake_cuda::Control &fakeCuda();

inline const std::string kTestPtx =
    ".version 7.0\n.target sm_80\n.entry add_f32\n.entry narrow\n.entry shares\n"
    ".entry spills\n.entry rests\n.entry illegal_address\n";
inline const std::string kTestFeatures = "sm_80 ptx70";

/// Borrows the texts.
inline cria_executable_info executableInfo(std::string_view format, std::string_view features,
                                           uint32_t kernelAbi = 1) {
  return {.struct_size = sizeof(cria_executable_info),
          .kernel_abi = kernelAbi,
          .format = plugin::string(format),
          .features = plugin::string(features)};
}

inline std::vector<std::byte> bytesOf(const std::string &text) {
  std::vector<std::byte> bytes;
  for (const char letter : text) {
    bytes.push_back(static_cast<std::byte>(letter));
  }
  return bytes;
}

/// Bytes that differ from their neighbours near and far.
inline std::vector<std::byte> pattern(size_t size, uint32_t seed = 1) {
  std::vector<std::byte> bytes(size);
  uint32_t value = seed;
  for (std::byte &byte : bytes) {
    value = value * 1664525u + 1013904223u;
    byte = static_cast<std::byte>(value >> 24);
  }
  return bytes;
}

inline Operand floats(cria_buffer *buffer, uint64_t count, uint32_t access, uint64_t offset = 0) {
  return {.name = "floats",
          .buffer = buffer,
          .offset = offset,
          .size = count * 4,
          .type = CRIA_TYPE_F32,
          .shape = {count},
          .access = access};
}

/// out = a + b, in blocks of 32 threads.
inline Entry addEntry(cria_buffer *a, cria_buffer *b, cria_buffer *out, uint32_t count) {
  return {.kind = CRIA_ENTRY_KERNEL,
          .name = "add_f32",
          .operands = {floats(a, count, CRIA_ACCESS_READ), floats(b, count, CRIA_ACCESS_READ),
                       floats(out, count, CRIA_ACCESS_WRITE)},
          .grid = {count / 32, 1, 1},
          .block = {32, 1, 1}};
}

/// A kernel without operands.
inline Entry plainKernel(const std::string &name) {
  return {.kind = CRIA_ENTRY_KERNEL, .name = name, .block = {32, 1, 1}};
}

class CudaBackendTest : public testing::Test {
protected:
  void SetUp() override { open(); }

  /// Opens the device and loads the kernels.
  void open() {
    calm();
    device_.emplace(Backend::named("cuda"));
    const Outcome outcome =
        device_->load(executableInfo("nv.ptx", kTestFeatures), bytesOf(kTestPtx), "", &code_);
    ASSERT_TRUE(outcome.ok()) << outcome.message;
  }

  void TearDown() override {
    device_.reset();
    EXPECT_EQ(fakeCuda().live, 0);
    EXPECT_THAT(fakeCuda().complaints, testing::IsEmpty());
    calm();
  }

  /// No faults, nothing counted.
  static void calm() {
    fake_cuda::Control &control = fakeCuda();
    control.deferred = false;
    control.failCall = 0;
    control.failFunction.clear();
    control.failed = false;
    control.loseAtKernel = 0;
    control.calls.clear();
    control.complaints.clear();
  }

  cria_buffer *uploadFloats(const std::vector<float> &values) {
    std::vector<std::byte> bytes(values.size() * sizeof(float));
    std::memcpy(bytes.data(), values.data(), bytes.size());
    return device_->allocate(bytes);
  }
  std::vector<float> downloadFloats(cria_buffer *buffer, size_t count) {
    const std::vector<std::byte> bytes = device_->download(buffer, count * sizeof(float));
    std::vector<float> values(count);
    std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }

  const cria_backend_api &api_ = Backend::named("cuda").api();
  std::optional<Device> device_;
  cria_code *code_ = nullptr;
};

} // namespace cria::conformance
