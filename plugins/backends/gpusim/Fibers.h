// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One stack per GPU thread and the switch between them. Fibers are dropped, never unwound: code on them owns
// nothing across a switch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace cria::gpusim {

/// A fixed number of stacks in memory that the system hands out when it is touched.
class FiberStacks {
public:
  /// Every fiber runs function(argument), which never returns. Throws std::bad_alloc.
  FiberStacks(uint32_t count, void (*function)(void *argument));
  ~FiberStacks();
  FiberStacks(const FiberStacks &) = delete;
  FiberStacks &operator=(const FiberStacks &) = delete;

  uint32_t count() const { return count_; }
  /// A new fiber on stack `index`, replacing whatever ran there. It starts at the first switch to it.
  void *make(uint32_t index);
  /// Leaves the running fiber, stored to `from`, for `to`. `argument` is for a fiber that starts. Returns
  /// when something switches to `from`.
  void switchTo(void *&from, void *to, void *argument);
  /// Whether the address lies on stack `index`.
  bool contains(uint32_t index, uintptr_t address) const;
  /// False: the fiber on stack `index` has written to the stack's end.
  bool intact(uint32_t index) const;

private:
  std::byte *bottom(uint32_t index) const;
  void (*function_)(void *);
  std::byte *memory_ = nullptr;
  uint32_t count_ = 0;
};

} // namespace cria::gpusim
