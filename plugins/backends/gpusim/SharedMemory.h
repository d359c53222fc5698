// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The shared memory of the running block: contents, initialization, pending copies, and races between its
// threads.
//
// A clock ticks at each synchronization. Two accesses by different threads are ordered if there is a block
// barrier between them or, within a warp, a synchronization of the warp. A synchronization of some lanes
// counts for the whole warp; the races that this hides are found only with another order of lanes.
#pragma once

#include "plugins/backends/gpusim/Finding.h"

namespace cria::gpusim {

class SharedMemory {
public:
  /// Begins a launch with `bytes` of shared memory per block.
  void resize(uint64_t bytes);
  /// Begins a block. The contents are uninitialized (NaN in every floating-point type).
  void beginBlock();

  std::byte *data() const { return data_; }
  uint64_t size() const { return size_; }
  bool contains(uintptr_t address) const { return address - reinterpret_cast<uintptr_t>(data_) < size_; }

  /// Checks and records an access. Returns false and sets `fault` if it is invalid.
  bool access(const Thread &thread, uintptr_t address, uint64_t size, Access access, uint64_t alignment,
              Fault &fault);

  /// Marks bytes as the destination of a pending copy, after access() has allowed the write.
  void markPending(uint64_t offset, uint64_t size);
  /// Completes a pending copy: writes the data as `thread`.
  void complete(const Thread &thread, uint64_t offset, uint64_t size, const std::byte *data);

  void synchroniseBlock();
  void synchroniseWarp(uint32_t warp);

private:
  enum State : uint8_t { kUndefined = 0, kDefined = 1, kPending = 2 };

  uint32_t recordOf(uint32_t who) const;
  uint32_t recordBeside(uint32_t earlier, const Thread &thread);
  void tick();
  bool conflicts(uint32_t record, const Thread &thread, bool atomic);
  bool noteRead(const Thread &thread, uint64_t offset, uint64_t size);
  bool noteWrite(const Thread &thread, uint64_t offset, uint64_t size, bool atomic);
  FaultKind check(const Thread &thread, uintptr_t address, uint64_t size, Access access, uint64_t alignment);
  FaultKind checkState(uint64_t offset, uint64_t size, Access access) const;

  std::vector<std::byte> memory_; // with space for alignment
  std::byte *data_ = nullptr;
  uint64_t size_ = 0;
  std::vector<uint8_t> states_;
  std::vector<uint32_t> writers_;
  std::vector<uint32_t> readers_;
  uint32_t now_ = 1;
  uint32_t blockTick_ = 1; // time of the last synchronization of the block, and of each warp
  std::array<uint32_t, kMaxWarps> warpTicks_{};
  int64_t otherThread_ = Fault::kSeveral; // the other thread of the last race
};

} // namespace cria::gpusim
