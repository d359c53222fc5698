// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Schedules blocks and fibers. The scheduler, on its own stack, selects a warp; within a warp, a lane that
// waits switches directly to the next one.
#include "plugins/backends/gpusim/Machine.h"

#include <bit>
#include <cfenv>
#include <fmt/format.h>

namespace cria::gpusim {

Machine::Machine() : stacks_(kMaxThreadsPerBlock, runThread), threads_(kMaxThreadsPerBlock) {}

std::string Machine::run(const Job &job, Counters &counters) {
  counters_ = &counters;
  job_ = &job;
  finding_.clear();
  prepare(job);
  std::fenv_t environment; // the caller may flush subnormals, kernels only where their code says so
  std::fegetenv(&environment);
  std::fesetenv(FE_DFL_ENV);
  runBlocks();
  std::fesetenv(&environment);
  if (!finding_.empty()) {
    numFibers_ = 0; // suspended fibers cannot be reused
  }
  return std::exchange(finding_, {});
}

void Machine::prepare(const Job &job) {
  const Launch &launch = *job.launch;
  numThreads_ = launch.block[0] * launch.block[1] * launch.block[2];
  numWarps_ = (numThreads_ + kWarpSize - 1) / kWarpSize;
  shared_.resize(job.sharedBytes);
  global_.begin(job.windows);
  conflicts_.begin(numWarps_);
  for (uint32_t i = 0; i < numThreads_; ++i) {
    Thread &thread = threads_[i];
    const uint32_t tid[3] = {i % launch.block[0], i / launch.block[0] % launch.block[1],
                             i / launch.block[0] / launch.block[1]};
    for (size_t d = 0; d < 3; ++d) {
      thread.tid[d] = tid[d];
      thread.ntid[d] = launch.block[d];
      thread.nctaid[d] = launch.grid[d];
    }
    thread.index = i;
    thread.laneId = i % kWarpSize;
    thread.warpId = i / kWarpSize;
    thread.shared = shared_.data();
    thread.machine = this;
  }
}

void Machine::runBlocks() {
  const Launch &launch = *job_->launch;
  const uint64_t count = uint64_t{launch.grid[0]} * launch.grid[1] * launch.grid[2];
  for (uint64_t i = 0; i < count && finding_.empty(); ++i) {
    beginBlock(job_->options.reverseBlocks ? count - 1 - i : i);
    runBlock();
    ++counters_->blocks;
  }
}

void Machine::beginBlock(uint64_t block) {
  const uint32_t *grid = job_->launch->grid;
  blockIndex_ = static_cast<uint32_t>(block);
  numExited_ = 0;
  joined_.fill(0);
  arrived_.fill(0);
  shared_.beginBlock();
  for (uint32_t warp = 0; warp < numWarps_; ++warp) {
    ready_[warp] = lanesOf(warp);
  }
  for (uint32_t i = 0; i < numThreads_; ++i) {
    Thread &thread = threads_[i];
    thread.ctaid[0] = static_cast<uint32_t>(block % grid[0]);
    thread.ctaid[1] = static_cast<uint32_t>(block / grid[0] % grid[1]);
    thread.ctaid[2] = static_cast<uint32_t>(block / grid[0] / grid[1]);
    thread.state = Thread::State::ready;
    thread.copies.clear();
    thread.committedGroups = 0;
  }
  for (; numFibers_ < numThreads_; ++numFibers_) {
    threads_[numFibers_].fiber = stacks_.make(numFibers_);
  }
}

void Machine::runBlock() {
  while (numExited_ < numThreads_ && finding_.empty()) {
    const uint32_t warp = nextWarp();
    if (warp == numWarps_) {
      diagnoseDeadlock();
      return;
    }
    resume(*nextOfWarp(warp));
  }
  for (uint32_t i = 0; i < numThreads_ && finding_.empty(); ++i) {
    if (!stacks_.intact(i)) {
      finding_ = "stack overflow: " + whoText(job_->launch->kernel, threads_[i]);
    }
  }
  for (uint32_t warp = 0; warp < numWarps_; ++warp) {
    takeConflicts(warp);
  }
}

uint32_t Machine::lanesOf(uint32_t warp) const {
  const uint32_t lanes = numThreads_ - warp * kWarpSize;
  return lanes >= kWarpSize ? UINT32_MAX : (1u << lanes) - 1;
}

/// Returns the next warp that can run; numWarps_ if there is none.
uint32_t Machine::nextWarp() const {
  const uint32_t start = job_->options.firstWarp % numWarps_;
  for (uint32_t i = 0; i < numWarps_; ++i) {
    const uint32_t step = job_->options.reverseWarps ? numWarps_ - 1 - i : i;
    const uint32_t warp = (start + step) % numWarps_;
    if (ready_[warp] != 0) {
      return warp;
    }
  }
  return numWarps_;
}

Thread *Machine::nextOfWarp(uint32_t warp) {
  const uint32_t ready = ready_[warp];
  if (ready == 0) {
    return nullptr;
  }
  const auto lane = static_cast<uint32_t>(job_->options.reverseLanes ? 31 - std::countl_zero(ready)
                                                                     : std::countr_zero(ready));
  return &threads_[warp * kWarpSize + lane];
}

void Machine::resume(Thread &thread) { stacks_.switchTo(scheduler_, thread.fiber, &thread); }

/// The function of a fiber, which runs a thread of one block after the other.
void Machine::runThread(void *argument) {
  Thread &thread = *static_cast<Thread *>(argument);
  for (;;) {
    Machine &machine = *thread.machine;
    machine.job_->function(&thread, machine.job_->parameters.data());
    thread.state = Thread::State::exited;
    thread.copies.clear();
    ++machine.numExited_;
    machine.ready_[thread.warpId] &= ~(1u << thread.laneId);
    machine.completeBarriersAfterExit();
    machine.wait(thread);
  }
}

/// Suspends the thread, which is not ready, and runs another. Returns when the thread is ready again.
void Machine::wait(Thread &thread) {
  Thread *next = nextOfWarp(thread.warpId);
  stacks_.switchTo(thread.fiber, next != nullptr ? next->fiber : scheduler_, next);
}

void Machine::report(const char *name, const Thread &thread, const Site &site, const std::string &detail) {
  finding_ =
      fmt::format("{}: {}: {}{}", name, whoText(job_->launch->kernel, thread), detail, placeText(site));
}

void Machine::abandon() {
  void *dropped = nullptr;
  stacks_.switchTo(dropped, scheduler_, nullptr);
  std::abort(); // unreachable: a dropped fiber is never resumed
}

} // namespace cria::gpusim
