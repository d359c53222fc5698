// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Small kernels as LLVM assembly, buffers for them, and runs of them in every order.
#pragma once

#include "plugins/backends/gpusim/GpuSim.h"

#include <cstring>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>

namespace cria::gpusim {

/// A module for nvptx64 with one kernel `k`, whose parameters are %p0, %p1, .. in global memory. The body
/// begins with the thread's number in %t and the block's in %b (both i32), and in it
///   {bar}  is a block-wide barrier,
///   @sm    is dynamic shared memory.
/// Intrinsics need no declaration.
std::string kernelText(uint32_t numParameters, const std::string &body, const std::string &globals = "");

/// `%name = ` the address of element %index (i32 value) of `base` in the address space.
std::string elementAddress(const std::string &name, const std::string &type, uint32_t space,
                           const std::string &base, const std::string &index);

/// The module, or a failed assertion.
std::unique_ptr<Module> mustLoad(const std::string &text);

/// The reason why it cannot be loaded; empty when it can.
std::string loadError(const std::string &text);

/// A buffer of numbers with its shadow.
template <typename T> struct Buffer {
  explicit Buffer(std::vector<T> values)
      : values(std::move(values)), shadow(sizeof(T) * this->values.size(), 1) {}
  /// Holds no values yet.
  static Buffer undefined(size_t count) {
    Buffer buffer{std::vector<T>(count)};
    std::memset(buffer.values.data(), 0xFF, sizeof(T) * count);
    buffer.shadow.assign(sizeof(T) * count, 0);
    return buffer;
  }
  MemoryWindow window(const std::string &name, bool writable) {
    return {reinterpret_cast<std::byte *>(values.data()), sizeof(T) * values.size(), writable, name,
            shadow.data()};
  }
  MemoryWindow input(const std::string &name) { return window(name, false); }
  MemoryWindow output(const std::string &name) { return window(name, true); }

  std::vector<T> values;
  std::vector<uint8_t> shadow;
};

/// A launch of `k` with blocks and threads in one dimension.
inline Launch launchOf(uint32_t blocks, uint32_t threads, std::vector<MemoryWindow> parameters,
                       uint64_t sharedBytes = 0) {
  return {.kernel = "k",
          .grid = {blocks, 1, 1},
          .block = {threads, 1, 1},
          .sharedBytes = sharedBytes,
          .parameters = std::move(parameters)};
}

/// Several orders of lanes, warps and blocks.
std::vector<Options> allOrders();

/// Distinct numbers: first, first + step, ..
template <typename T> std::vector<T> sequence(size_t count, T first = 0, T step = 1) {
  std::vector<T> values(count);
  for (size_t i = 0; i < count; ++i) {
    values[i] = static_cast<T>(first + static_cast<T>(i) * step);
  }
  return values;
}

} // namespace cria::gpusim
