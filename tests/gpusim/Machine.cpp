// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The scheduler: warps in turn, lanes in turn, and who waits for whom.
#include "Machine.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

namespace cria::gpusim {

namespace {
uint32_t product(const uint32_t (&extents)[3]) { return extents[0] * extents[1] * extents[2]; }
} // namespace

Machine::Machine(const Launch &launch, const Options &options, uint64_t staticSharedBytes,
                 KernelFunction kernel)
    : launch_(launch), options_(options), kernel_(kernel), numThreads_(product(launch.block)),
      numWarps_((numThreads_ + kWarpSize - 1) / kWarpSize), threads_(numThreads_),
      stacks_(numThreads_, &Machine::enter) {
  for (const MemoryWindow &window : launch.parameters) {
    parameters_.push_back(window.data);
  }
  global_.begin(launch.parameters);
  shared_.resize(staticSharedBytes + launch.sharedBytes);
}

std::string Machine::run() {
  const uint32_t numBlocks = product(launch_.grid);
  for (uint32_t i = 0; i < numBlocks; ++i) {
    if (!runBlock(options_.reverseBlocks ? numBlocks - 1 - i : i)) {
      return finding_;
    }
    ++counters_.blocks;
  }
  return {};
}

void Machine::enter(void *argument) {
  Thread &thread = *static_cast<Thread *>(argument);
  Machine &machine = *thread.machine;
  machine.kernel_(&thread, machine.parameters_.data());
  thread.state = Thread::State::Exited;
  machine.stacks_.switchTo(thread.fiber, machine.scheduler_, nullptr);
}

void Machine::beginThread(uint32_t index) {
  Thread &thread = threads_[index];
  thread = Thread();
  const auto split = [](uint32_t linear, const uint32_t(&extents)[3], uint32_t(&out)[3]) {
    out[0] = linear % extents[0];
    out[1] = linear / extents[0] % extents[1];
    out[2] = linear / extents[0] / extents[1];
  };
  split(index, launch_.block, thread.tid);
  split(block_, launch_.grid, thread.ctaid);
  std::copy(std::begin(launch_.block), std::end(launch_.block), thread.ntid);
  std::copy(std::begin(launch_.grid), std::end(launch_.grid), thread.nctaid);
  thread.laneId = index % kWarpSize;
  thread.warpId = index / kWarpSize;
  thread.shared = shared_.data();
  thread.machine = this;
  thread.index = index;
  thread.fiber = stacks_.make(index);
}

// Until all threads have ended, or nobody can go on.
bool Machine::runBlock(uint32_t block) {
  block_ = block;
  shared_.beginBlock();
  conflicts_.begin(numWarps_);
  for (uint32_t i = 0; i < numThreads_; ++i) {
    beginThread(i);
  }
  for (;;) {
    bool moved = false;
    for (uint32_t i = 0; i < numWarps_ && finding_.empty(); ++i) {
      const uint32_t turn = (i + options_.firstWarp) % numWarps_;
      moved |= runWarp(options_.reverseWarps ? numWarps_ - 1 - turn : turn);
    }
    if (!finding_.empty()) {
      return false;
    }
    const bool allEnded = std::all_of(threads_.begin(), threads_.end(), [](const Thread &thread) {
      return thread.state == Thread::State::Exited;
    });
    if (allEnded) {
      return true;
    }
    if (!releaseBarrier() && !moved) {
      finding_ = divergence();
      return false;
    }
  }
}

bool Machine::runWarp(uint32_t warp) {
  bool moved = false;
  for (;;) {
    bool movedNow = false;
    const uint32_t first = warp * kWarpSize, end = warpEnd(warp);
    for (uint32_t i = first; i < end && finding_.empty(); ++i) {
      Thread &thread = threads_[options_.reverseLanes ? first + end - 1 - i : i];
      if (thread.state == Thread::State::Ready) {
        stacks_.switchTo(scheduler_, thread.fiber, &thread);
        movedNow = true;
      }
    }
    movedNow |= finding_.empty() && finishCollectives(warp);
    if (!movedNow || !finding_.empty()) {
      return moved;
    }
    moved = true;
  }
}

// Performs every collective whose lanes have all arrived.
bool Machine::finishCollectives(uint32_t warp) {
  const uint32_t first = warp * kWarpSize, end = warpEnd(warp);
  bool any = false;
  for (uint32_t i = first; i < end && finding_.empty(); ++i) {
    const Thread &thread = threads_[i];
    if (thread.state != Thread::State::InCollective) {
      continue;
    }
    bool complete = true;
    for (uint32_t lane = 0; lane < kWarpSize; ++lane) {
      if ((thread.mask >> lane & 1) == 0) {
        continue;
      }
      const Thread *other = first + lane < end ? &threads_[first + lane] : nullptr;
      complete &= other != nullptr && other->state == Thread::State::InCollective &&
                  other->site == thread.site && other->mask == thread.mask;
    }
    if (complete) {
      isScheduling_ = true;
      finishCollective(warp, thread);
      isScheduling_ = false;
      any = true;
    }
  }
  return any;
}

bool Machine::releaseBarrier() {
  const Site *site = threads_.front().site;
  for (const Thread &thread : threads_) {
    if (thread.state != Thread::State::AtBarrier || thread.site != site) {
      return false;
    }
  }
  shared_.synchroniseBlock();
  for (uint32_t warp = 0; warp < numWarps_; ++warp) {
    counters_.sharedBankConflicts += options_.countBankConflicts ? conflicts_.take(warp) : 0;
  }
  for (Thread &thread : threads_) {
    thread.state = Thread::State::Ready;
  }
  ++counters_.barriers;
  return true;
}

// Names one thread that waits, and one that does not come.
std::string Machine::divergence() const {
  const auto waits = [](const Thread &thread) { return thread.state != Thread::State::Exited; };
  const Thread &waiting = *std::find_if(threads_.begin(), threads_.end(), waits);
  const bool atBarrier = waiting.state == Thread::State::AtBarrier;
  const auto elsewhere = [&](const Thread &thread) {
    return thread.state != waiting.state || thread.site != waiting.site;
  };
  std::string text =
      fmt::format("divergent {}: kernel '{}', block {}, {} waits{}", atBarrier ? "barrier" : "warp operation",
                  launch_.kernel, indexText(waiting.ctaid), threadText(waiting.index, launch_.block),
                  placeText(*waiting.site));
  const auto other = std::find_if(threads_.begin(), threads_.end(), elsewhere);
  if (other == threads_.end()) {
    return text;
  }
  return text + fmt::format("; {} {}{}", threadText(other->index, launch_.block),
                            waits(*other) ? "waits" : "has ended",
                            waits(*other) ? placeText(*other->site) : "");
}

void Machine::wait(Thread &thread, const Site &site, Thread::State state) {
  thread.site = &site;
  thread.state = state;
  stacks_.switchTo(thread.fiber, scheduler_, nullptr);
}

void Machine::collective(Thread &thread, const Site &site, uint32_t *slot, uint32_t mask) {
  thread.slot = slot;
  thread.mask = mask;
  wait(thread, site, Thread::State::InCollective);
}

void Machine::barrier(Thread &thread, const Site &site) { wait(thread, site, Thread::State::AtBarrier); }

// On a fiber, control goes to the scheduler for good.
void Machine::report(Fault fault, const Thread &thread, const Site &site) {
  if (fault.kind == FaultKind::SharedRace && shared_.otherThread() >= 0) {
    fault.other = "with " + threadText(static_cast<uint32_t>(shared_.otherThread()), launch_.block);
  }
  if (fault.kind == FaultKind::BlockRace && global_.otherBlock() >= 0) {
    fault.other = fmt::format("with block number {}", global_.otherBlock());
  }
  finding_ = describe(fault, launch_.kernel, thread, site);
  if (!isScheduling_) {
    void *nowhere = nullptr;
    stacks_.switchTo(nowhere, scheduler_, nullptr);
  }
}

void Machine::checkMemory(Thread &thread, const Site &site, uintptr_t address, uint64_t size, Access access,
                          uint64_t alignment, int32_t window) {
  if (stacks_.contains(thread.index, address)) {
    return; // the thread's own local memory
  }
  const bool isShared = site.shared || shared_.contains(address);
  const Fault fault = isShared && window < 0
                          ? shared_.access(thread, address, size, access, alignment)
                          : global_.access(block_, address, size, access, alignment, window);
  if (fault) {
    return report(fault, thread, site);
  }
  ++(isShared ? counters_.sharedAccesses : counters_.globalAccesses);
  if (isShared && options_.countBankConflicts) {
    conflicts_.note(thread, site, address - reinterpret_cast<uintptr_t>(shared_.data()));
  }
}

void Machine::access(Thread &thread, const Site &site, uintptr_t address) {
  if (options_.checks) {
    checkMemory(thread, site, address, site.size, site.access, site.alignment, site.window);
  }
}

// The source is read now, the destination is written when somebody waits.
void Machine::copyAsync(Thread &thread, const Site &site, uintptr_t destination, uintptr_t source) {
  checkMemory(thread, site, source, site.size, Access::Read, site.size, site.window);
  const Fault fault = shared_.access(thread, destination, site.size, Access::Write, site.size);
  if (fault) {
    return report(fault, thread, site);
  }
  AsyncCopy copy;
  copy.offset = destination - reinterpret_cast<uintptr_t>(shared_.data());
  copy.size = site.size;
  copy.group = thread.committedGroups;
  std::memcpy(copy.data.data(), reinterpret_cast<const void *>(source), site.size);
  shared_.markPending(copy.offset, copy.size);
  thread.copies.push_back(copy);
  ++counters_.asyncCopies;
}

void Machine::waitForCopies(Thread &thread, uint32_t pending) {
  const auto isDue = [&](const AsyncCopy &copy) { return copy.group + pending < thread.committedGroups; };
  for (const AsyncCopy &copy : thread.copies) {
    if (isDue(copy)) {
      shared_.complete(thread, copy.offset, copy.size, copy.data.data());
    }
  }
  std::erase_if(thread.copies, isDue);
}

} // namespace cria::gpusim
