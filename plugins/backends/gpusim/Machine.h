// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs the blocks of a launch one after the other, with a fiber for each thread, which runs until it must
// wait for other threads. The functions under "Called by kernels" run on such a fiber; a finding ends the
// launch.
#pragma once

#include "plugins/backends/gpusim/BankConflicts.h"
#include "plugins/backends/gpusim/Fibers.h"
#include "plugins/backends/gpusim/GlobalMemory.h"
#include "plugins/backends/gpusim/GpuSim.h"
#include "plugins/backends/gpusim/SharedMemory.h"

#include <memory>

namespace cria::gpusim {

/// A launch and its compiled kernel. The windows of the parameters are followed by those of the module's
/// variables.
struct Job {
  const Launch *launch = nullptr;
  KernelFunction function = nullptr;
  std::vector<void *> parameters;
  std::vector<MemoryWindow> windows;
  uint64_t sharedBytes = 0; // static and dynamic
  Options options;
};

class Machine {
public:
  Machine();
  /// Runs the job. Returns the first finding; empty if there is none. The machine can run another job in
  /// either case.
  std::string run(const Job &job, Counters &counters);

  // Called by kernels.
  void accessGlobal(Thread &thread, uintptr_t address, uint64_t size, Access access, const Site &site);
  void accessShared(Thread &thread, uintptr_t address, uint64_t size, Access access, const Site &site);
  /// Determines the memory that a generic address refers to.
  void accessGeneric(Thread &thread, uintptr_t address, uint64_t size, Access access, const Site &site);
  /// accessShared without counters, for ldmatrix.
  void checkShared(Thread &thread, uintptr_t address, uint64_t size, Access access, uint64_t alignment,
                   const Site &site);
  /// Waits for the lanes of the collective and executes it. slot: kSlotWords words.
  void collective(Thread &thread, uint32_t *slot, const Site &site);
  /// count 0: all threads. Returns the combined predicates.
  uint32_t barrier(Thread &thread, uint32_t id, uint32_t count, uint32_t predicate, const Site &site);
  void copyAsync(Thread &thread, uintptr_t destination, uintptr_t source, uint32_t sourceSize,
                 const Site &site);
  void commitCopies(Thread &thread);
  /// Waits until at most `pendingGroups` committed groups are pending.
  void waitForCopies(Thread &thread, uint32_t pendingGroups);
  /// Sets the finding of the launch: "NAME: kernel.., thread..: DETAIL at LOCATION".
  void report(const char *name, const Thread &thread, const Site &site, const std::string &detail);
  /// Ends the launch after report(). The caller's stack is dropped: nothing on it may own memory.
  [[noreturn]] void abandon();

  SharedMemory &sharedMemory() { return shared_; }
  Counters &counters() { return *counters_; }

private:
  static constexpr uint32_t kNumBarriers = 16;

  static void runThread(void *argument);
  void prepare(const Job &job);
  void runBlocks();
  void beginBlock(uint64_t block);
  void runBlock();
  void resume(Thread &thread);
  void wait(Thread &thread);
  Thread *nextOfWarp(uint32_t warp);
  uint32_t nextWarp() const;
  uint32_t lanesOf(uint32_t warp) const;

  bool allArrived(const Thread &thread) const;
  void completeCollective(Thread &thread);
  bool isBarrierComplete(uint32_t id) const;
  void completeBarrier(uint32_t id);
  void releaseBarrier(uint32_t id, uint32_t numTrue);
  void completeBarriersAfterExit();
  void takeConflicts(uint32_t warp);

  void diagnoseDeadlock();
  void reportDivergent(const Thread &waiting, const Thread &other);
  const Thread *findDivergent(const Thread &waiting) const;
  const Thread *findMissing(const Thread &waiting) const;
  std::string stateText(const Thread &thread) const;

  FiberStacks stacks_;
  std::vector<Thread> threads_;
  GlobalMemory global_;
  SharedMemory shared_;
  BankConflicts conflicts_;

  const Job *job_ = nullptr;
  Counters *counters_ = nullptr;
  uint32_t numThreads_ = 0;
  uint32_t numWarps_ = 0;
  uint32_t numExited_ = 0;
  uint32_t blockIndex_ = 0;
  std::array<uint32_t, kMaxWarps> ready_{};       // lanes that can run, per warp
  std::array<uint32_t, kMaxWarps> joined_{};      // lanes that wait in a collective
  std::array<uint32_t, kNumBarriers> arrived_{};  // threads at a barrier
  std::array<uint32_t, kNumBarriers> expected_{}; // 0: all
  uint32_t numFibers_ = 0;                        // fibers that can run another block
  void *scheduler_ = nullptr;
  Fault fault_;
  std::string finding_;
};

} // namespace cria::gpusim
