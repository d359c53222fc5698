// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One stack for each GPU thread, and switches between them. Fibers are dropped and never unwound, so code on
// them must not own resources across a switch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace cria::gpusim {

/// A fixed number of stacks, in memory that the system allocates on first access.
class FiberStacks {
public:
  /// Every fiber runs function(argument), which never returns. Errors: throws std::bad_alloc.
  FiberStacks(uint32_t count, void (*function)(void *argument));
  ~FiberStacks();
  FiberStacks(const FiberStacks &) = delete;
  FiberStacks &operator=(const FiberStacks &) = delete;

  uint32_t count() const { return count_; }
  /// Makes a new fiber on stack `index`, in place of the previous one. It starts at the first switch to it.
  void *make(uint32_t index);
  /// Suspends the running fiber, stores it to `from`, and resumes `to`. `argument` is passed to a fiber that
  /// starts. Returns when `from` is resumed.
  void switchTo(void *&from, void *to, void *argument);
  /// Returns whether the address is on stack `index`.
  bool contains(uint32_t index, uintptr_t address) const;
  /// Returns false if the fiber on stack `index` has overflowed it.
  bool intact(uint32_t index) const;

private:
  std::byte *bottom(uint32_t index) const;
  void (*function_)(void *);
  std::byte *memory_ = nullptr;
  uint32_t count_ = 0;
};

} // namespace cria::gpusim
