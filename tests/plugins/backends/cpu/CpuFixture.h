// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The fixture of tests of the cpu backend: an opened device with the test kernels loaded.
#pragma once

#include "support/File.h"
#include "tools/cria-plugin-test/DispatchHarness.h"

#include <cstring>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <span>
#include <stdexcept>

namespace cria::conformance {

#if defined(__x86_64__)
inline const std::string kNativeFormat = "elf.x86_64";
#else
inline const std::string kNativeFormat = "elf.aarch64";
#endif

inline std::string testKernelPath(const std::string &name) {
  return CRIA_BINARY_DIR "/test-kernels/" + name + ".so";
}

/// Throws std::runtime_error if the file cannot be read.
inline std::vector<std::byte> readBytes(const std::string &path) {
  const StatusOr<std::string> text = readFile(path);
  if (!text.ok()) {
    throw std::runtime_error(text.status().message());
  }
  const auto bytes = std::as_bytes(std::span(*text));
  return {bytes.begin(), bytes.end()};
}

inline cria_executable_info executableInfo(const std::string &format, const std::string &features,
                                           uint32_t kernelAbi = 1) {
  return {.struct_size = sizeof(cria_executable_info),
          .kernel_abi = kernelAbi,
          .format = {format.data(), format.size()},
          .features = {features.data(), features.size()}};
}

template <typename T> std::vector<T> download(Device &device, cria_buffer *buffer, size_t count) {
  const std::vector<std::byte> bytes = device.download(buffer, count * sizeof(T));
  std::vector<T> values(count);
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

template <typename T> cria_buffer *upload(Device &device, const std::vector<T> &values) {
  std::vector<std::byte> bytes(values.size() * sizeof(T));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return device.allocate(bytes);
}

/// A written operand that covers a buffer of `count` 32-bit elements.
inline Operand words(cria_buffer *buffer, uint64_t count, uint32_t access = CRIA_ACCESS_READ_WRITE) {
  return {.name = "words",
          .buffer = buffer,
          .size = count * 4,
          .type = CRIA_TYPE_U32,
          .shape = {count},
          .access = access};
}

class CpuBackendTest : public testing::Test {
protected:
  explicit CpuBackendTest(Device::Options options = {}) : device_(Backend::named("cpu"), options) {
    const std::string path = testKernelPath("test_kernels");
    const Outcome outcome = device_.load(executableInfo(kNativeFormat, ""), readBytes(path), path, &code_);
    if (!outcome.ok()) {
      throw std::runtime_error(outcome.message);
    }
  }
  Device device_;
  cria_code *code_ = nullptr;
};

} // namespace cria::conformance
