// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Diagnoses deadlocks: which thread waits for which.
#include "plugins/backends/gpusim/Machine.h"

#include <bit>
#include <fmt/format.h>

namespace cria::gpusim {

/// Reports a warp whose lanes are not all at the same site, with the same finding as a deadlock.
const Thread *Machine::findDivergent(const Thread &waiting) const {
  const Thread *first = &threads_[waiting.warpId * kWarpSize];
  for (uint32_t rest = lanesOf(waiting.warpId); rest != 0; rest &= rest - 1) {
    const Thread &other = first[std::countr_zero(rest)];
    if (other.state != Thread::State::atBarrier || other.site != waiting.site) {
      return &other;
    }
  }
  return nullptr;
}

std::string Machine::stateText(const Thread &thread) const {
  const std::string who = "thread " + indexText(thread.tid);
  switch (thread.state) {
  case Thread::State::exited:
    return who + " has exited";
  case Thread::State::inCollective:
    return fmt::format("{} waits in {} with mask {:#x}{}", who, thread.site->name, thread.mask,
                       placeText(*thread.site));
  case Thread::State::atBarrier:
    return fmt::format("{} waits at barrier {}{}", who, thread.barrier, placeText(*thread.site));
  case Thread::State::ready:
    break;
  }
  return who + " runs";
}

void Machine::reportDivergent(const Thread &waiting, const Thread &other) {
  const bool atBarrier = waiting.state == Thread::State::atBarrier || other.state == Thread::State::atBarrier;
  finding_ = fmt::format("{}: kernel '{}', block {}: {}; {}",
                         atBarrier ? "divergent barrier" : "incomplete warp collective", job_->launch->kernel,
                         indexText(waiting.ctaid), stateText(waiting), stateText(other));
}

/// Reports a deadlock: a thread that waits, and one that it waits for.
void Machine::diagnoseDeadlock() {
  const Thread *waiting = nullptr;
  for (uint32_t i = 0; i < numThreads_ && waiting == nullptr; ++i) {
    waiting = threads_[i].state != Thread::State::exited ? &threads_[i] : nullptr;
  }
  reportDivergent(*waiting, *findMissing(*waiting));
}

const Thread *Machine::findMissing(const Thread &waiting) const {
  const bool inWarp = waiting.state == Thread::State::inCollective;
  const uint32_t first = inWarp ? waiting.warpId * kWarpSize : 0;
  for (uint32_t i = first; i < numThreads_; ++i) {
    const Thread &other = threads_[i];
    const bool meant = !inWarp || (other.warpId == waiting.warpId && (waiting.mask >> other.laneId & 1) != 0);
    const bool same =
        other.state == waiting.state && (inWarp ? other.site == waiting.site && other.mask == waiting.mask
                                                : other.barrier == waiting.barrier);
    if (meant && !same) {
      return &other;
    }
  }
  return &waiting; // the barrier expects more threads than there are
}

} // namespace cria::gpusim
