// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Waits of threads for each other: warp-wide collectives and block-wide barriers.
#include "plugins/backends/gpusim/Collectives.h"

#include <bit>
#include <fmt/format.h>

namespace cria::gpusim {

void Machine::takeConflicts(uint32_t warp) {
  if (job_->options.countBankConflicts) {
    counters_->sharedBankConflicts += conflicts_.take(warp);
  }
}

void Machine::collective(Thread &thread, uint32_t *slot, const Site &site) {
  const uint32_t lane = 1u << thread.laneId;
  thread.mask = memberMask(site, slot) & lanesOf(thread.warpId);
  if ((thread.mask & lane) == 0) {
    report("incomplete warp collective", thread, site,
           fmt::format("mask {:#x} does not contain the executing lane", thread.mask));
    abandon();
  }
  thread.site = &site;
  thread.slot = slot;
  thread.state = Thread::State::inCollective;
  joined_[thread.warpId] |= lane;
  if (allArrived(thread)) {
    return completeCollective(thread);
  }
  ready_[thread.warpId] &= ~lane;
  wait(thread);
}

/// Returns whether every lane of the thread's mask waits at the same site with the same mask.
bool Machine::allArrived(const Thread &thread) const {
  if ((joined_[thread.warpId] & thread.mask) != thread.mask) {
    return false;
  }
  const Thread *first = &threads_[thread.warpId * kWarpSize];
  for (uint32_t rest = thread.mask; rest != 0; rest &= rest - 1) {
    const Thread &other = first[std::countr_zero(rest)];
    if (other.site != thread.site || other.mask != thread.mask) {
      return false;
    }
  }
  return true;
}

void Machine::completeCollective(Thread &thread) {
  const uint32_t warp = thread.warpId;
  const uint32_t mask = thread.mask;
  Thread *first = &threads_[warp * kWarpSize];
  Slots slots{};
  for (uint32_t rest = mask; rest != 0; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    slots[static_cast<size_t>(lane)] = first[lane].slot;
    first[lane].state = Thread::State::ready;
  }
  performCollective(*this, *thread.site, slots, mask, first);
  joined_[warp] &= ~mask;
  ready_[warp] |= mask;
  ++counters_->collectives;
  takeConflicts(warp);
  if (thread.site->collective == Collective::warpSync || !job_->options.strictWarpOrder) {
    shared_.synchroniseWarp(warp);
  }
}

uint32_t Machine::barrier(Thread &thread, uint32_t id, uint32_t count, uint32_t predicate, const Site &site) {
  if (id >= kNumBarriers || count % kWarpSize != 0 || count > numThreads_) {
    report("invalid barrier", thread, site, fmt::format("number {} for {} threads", id, count));
    abandon();
  }
  thread.site = &site;
  thread.barrier = id;
  thread.predicate = predicate;
  thread.state = Thread::State::atBarrier;
  ready_[thread.warpId] &= ~(1u << thread.laneId);
  ++arrived_[id];
  expected_[id] = count;
  if (isBarrierComplete(id)) {
    completeBarrier(id);
    return thread.predicate;
  }
  wait(thread);
  return thread.predicate;
}

bool Machine::isBarrierComplete(uint32_t id) const {
  const uint32_t expected = expected_[id] != 0 ? expected_[id] : numThreads_ - numExited_;
  return arrived_[id] != 0 && arrived_[id] == expected;
}

/// Called on the fiber of any thread, including one that has just exited.
void Machine::completeBarrier(uint32_t id) {
  uint32_t result = 0;
  uint32_t checkedWarp = kMaxWarps;
  for (uint32_t i = 0; i < numThreads_; ++i) {
    const Thread &thread = threads_[i];
    if (thread.state != Thread::State::atBarrier || thread.barrier != id) {
      continue;
    }
    const bool check = thread.site->aligned && thread.warpId != checkedWarp; // once per warp
    checkedWarp = thread.warpId;
    const Thread *other = check ? findDivergent(thread) : nullptr;
    if (other != nullptr) {
      reportDivergent(thread, *other);
      abandon();
    }
    result += thread.predicate != 0 ? 1 : 0;
  }
  releaseBarrier(id, result);
}

void Machine::releaseBarrier(uint32_t id, uint32_t numTrue) {
  for (uint32_t i = 0; i < numThreads_; ++i) {
    Thread &thread = threads_[i];
    if (thread.state == Thread::State::atBarrier && thread.barrier == id) {
      thread.state = Thread::State::ready;
      ready_[thread.warpId] |= 1u << thread.laneId;
      switch (static_cast<BarrierResult>(thread.site->argument)) {
      case BarrierResult::logicalAnd:
        thread.predicate = numTrue == arrived_[id] ? 1 : 0;
        break;
      case BarrierResult::logicalOr:
        thread.predicate = numTrue != 0 ? 1 : 0;
        break;
      case BarrierResult::none:
      case BarrierResult::popCount:
        thread.predicate = numTrue;
        break;
      }
    }
  }
  arrived_[id] = 0;
  ++counters_->barriers;
  for (uint32_t warp = 0; warp < numWarps_; ++warp) {
    takeConflicts(warp);
  }
  shared_.synchroniseBlock();
}

/// Threads that have exited count as arrived if their whole warp has exited.
void Machine::completeBarriersAfterExit() {
  for (uint32_t id = 0; id < kNumBarriers; ++id) {
    if (isBarrierComplete(id)) {
      completeBarrier(id);
    }
  }
}

} // namespace cria::gpusim
