// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Fibers on Boost.Context's lowest layer, since its fiber class unwinds stacks with exceptions, which
// generated code does not support.
#include "plugins/backends/gpusim/Fibers.h"

#include <boost/context/detail/fcontext.hpp>
#include <cstring>
#include <new>
#include <sys/mman.h>

namespace cria::gpusim {
namespace {

namespace context = boost::context::detail;

/// Kernels use little of it, as their state is in registers. An odd multiple of the cache line spreads the
/// tops of the stacks over the sets of the L1 cache.
constexpr size_t kStackBytes = (size_t{64} << 10) + 5 * 64;
constexpr uint64_t kCanary = 0x5afe57ac5afe57acu;

/// The argument of a switch.
struct Passage {
  void **from; // receives the suspended fiber
  void (*function)(void *);
  void *argument;
};

Passage arrive(context::transfer_t transfer) {
  const Passage passage = *static_cast<Passage *>(transfer.data);
  *passage.from = transfer.fctx;
  return passage;
}

void enter(context::transfer_t transfer) {
  const Passage passage = arrive(transfer);
  passage.function(passage.argument);
}

} // namespace

FiberStacks::FiberStacks(uint32_t count, void (*function)(void *)) : function_(function), count_(count) {
  void *memory = mmap(nullptr, kStackBytes * count, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) {
    throw std::bad_alloc();
  }
  memory_ = static_cast<std::byte *>(memory);
}

FiberStacks::~FiberStacks() { munmap(memory_, kStackBytes * count_); }

std::byte *FiberStacks::bottom(uint32_t index) const { return memory_ + kStackBytes * index; }

void *FiberStacks::make(uint32_t index) {
  std::memcpy(bottom(index), &kCanary, sizeof(kCanary));
  return context::make_fcontext(bottom(index) + kStackBytes, kStackBytes, enter);
}

void FiberStacks::switchTo(void *&from, void *to, void *argument) {
  Passage passage{&from, function_, argument};
  arrive(context::jump_fcontext(to, &passage));
}

bool FiberStacks::contains(uint32_t index, uintptr_t address) const {
  return address - reinterpret_cast<uintptr_t>(bottom(index)) < kStackBytes;
}

bool FiberStacks::intact(uint32_t index) const {
  return std::memcmp(bottom(index), &kCanary, sizeof(kCanary)) == 0;
}

} // namespace cria::gpusim
