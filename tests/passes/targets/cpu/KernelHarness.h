// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compiles kernels of the cpu target and calls them in this process, for tests and measurements. Buffers of a
// call are 64-byte aligned and lie between guard zones that are checked after the call.
#pragma once

#include "passes/targets/cpu/Kernels.h"
#include "plugins/api/kernel_abi.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/STLFunctionalExtras.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace cria::cpu::test {

/// True if this processor runs code for `isa`.
bool runsHere(const Isa &isa);
/// The levels that this processor supports.
std::vector<const Isa *> runnableIsas();

/// A context with the dialects that kernels use.
std::unique_ptr<mlir::MLIRContext> makeContext();

/// Sets flush-to-zero and denormals-are-zero for a scope, as the kernel ABI requires of callers.
class DenormalsAreZero {
public:
  DenormalsAreZero();
  ~DenormalsAreZero();

private:
  uint32_t saved_;
};

/// A loaded library of kernels.
class KernelLibrary {
public:
  /// Builds the kernels that `emit` adds to a module, for `isa`. Kernels that do not compile end the program.
  KernelLibrary(const Isa &isa, llvm::function_ref<void(mlir::ModuleOp)> emit);
  ~KernelLibrary();
  KernelLibrary(const KernelLibrary &) = delete;

  void *symbol(const std::string &name) const;
  cria_kernel_fn kernel(const std::string &name) const {
    return reinterpret_cast<cria_kernel_fn>(symbol(name));
  }

private:
  void *handle_;
};

/// Aligned memory between two guard zones.
template <typename T> class Buffer {
public:
  explicit Buffer(size_t count) : count_(count), storage_(count * sizeof(T) + 3 * kGuard) {
    auto address = reinterpret_cast<uintptr_t>(storage_.data()) + kGuard;
    start_ = reinterpret_cast<std::byte *>((address + 63) / 64 * 64);
    std::fill(storage_.begin(), storage_.end(), kPattern);
  }
  Buffer(size_t count, T value) : Buffer(count) { std::fill(begin(), end(), value); }

  T *data() { return reinterpret_cast<T *>(start_); }
  T *begin() { return data(); }
  T *end() { return data() + count_; }
  size_t size() const { return count_; }
  T &operator[](size_t i) { return data()[i]; }

  /// Whether nothing was written around the buffer.
  bool intact() const {
    const std::byte *last = start_ + count_ * sizeof(T);
    auto clean = [](const std::byte *from, const std::byte *to) {
      return std::all_of(from, to, [](std::byte b) { return b == kPattern; });
    };
    return clean(storage_.data(), start_) && clean(last, storage_.data() + storage_.size());
  }

private:
  static constexpr size_t kGuard = 256;
  static constexpr std::byte kPattern{0xA5};
  size_t count_;
  std::vector<std::byte> storage_;
  std::byte *start_;
};

} // namespace cria::cpu::test
