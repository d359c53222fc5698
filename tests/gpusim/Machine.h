// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs the blocks of a launch, thread by thread, and answers what compiled kernels call.
#pragma once

#include "BankConflicts.h"
#include "Fibers.h"
#include "GlobalMemory.h"
#include "SharedMemory.h"

#include <string>

namespace cria::gpusim {

/// One launch. Threads take turns: each runs until it waits for others or ends.
class Machine {
public:
  Machine(const Launch &launch, const Options &options, uint64_t staticSharedBytes, KernelFunction kernel);

  /// The first finding, or empty.
  std::string run();
  const Counters &counters() const { return counters_; }

  // What generated code calls, on the fiber of `thread`. A finding ends the launch: they do not return.
  void access(Thread &thread, const Site &site, uintptr_t address);
  void collective(Thread &thread, const Site &site, uint32_t *slot, uint32_t mask);
  void barrier(Thread &thread, const Site &site);
  void copyAsync(Thread &thread, const Site &site, uintptr_t destination, uintptr_t source);
  void commitCopies(Thread &thread) { ++thread.committedGroups; }
  void waitForCopies(Thread &thread, uint32_t pending);

private:
  static void enter(void *thread);
  bool runBlock(uint32_t block);
  void beginThread(uint32_t index);
  bool runWarp(uint32_t warp);
  bool finishCollectives(uint32_t warp);
  bool releaseBarrier();
  void finishCollective(uint32_t warp, const Thread &first);
  void performShuffle(uint32_t warp, const Thread &first);
  void performVote(uint32_t warp, const Thread &first);
  void loadMatrices(uint32_t warp, const Thread &first);
  void multiplyMatrices(uint32_t warp, const Thread &first);
  void synchronisedWarp(uint32_t warp);
  void checkMemory(Thread &thread, const Site &site, uintptr_t address, uint64_t size, Access access,
                   uint64_t alignment, int32_t window);
  std::string divergence() const;
  void wait(Thread &thread, const Site &site, Thread::State state);
  void report(Fault fault, const Thread &thread, const Site &site);
  uint32_t warpEnd(uint32_t warp) const { return std::min(numThreads_, (warp + 1) * kWarpSize); }
  template <typename Body> void forLanes(uint32_t warp, uint32_t mask, Body body);

  const Launch &launch_;
  const Options &options_;
  KernelFunction kernel_;
  uint32_t numThreads_, numWarps_;
  std::vector<void *> parameters_;
  std::vector<Thread> threads_;
  FiberStacks stacks_;
  GlobalMemory global_;
  SharedMemory shared_;
  BankConflicts conflicts_;
  Counters counters_;
  void *scheduler_ = nullptr;
  uint32_t block_ = 0;
  bool isScheduling_ = false; ///< a collective is performed by the scheduler, not on a fiber
  std::string finding_;
};

/// f16 and bf16 words to float.
float fromHalf(uint16_t bits);
float fromBfloat(uint16_t bits);
uint16_t toBfloat(float value);

} // namespace cria::gpusim
