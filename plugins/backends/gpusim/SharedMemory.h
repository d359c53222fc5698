// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The shared memory of the block that runs: contents, initialisation, pending copies, and races between its
// threads.
//
// Order: a clock ticks at each synchronisation. Two accesses by different threads are ordered when a block
// barrier lies between them, or, within a warp, a synchronisation of the warp. A synchronisation of some
// lanes counts for the whole warp: what that hides is found with another order of lanes or not at all.
#pragma once

#include "plugins/backends/gpusim/Finding.h"

namespace cria::gpusim {

class SharedMemory {
public:
  /// For a launch: makes room for `bytes`.
  void resize(uint64_t bytes);
  /// A new block: contents undefined (NaN in every float format).
  void beginBlock();

  std::byte *data() const { return data_; }
  uint64_t size() const { return size_; }
  bool contains(uintptr_t address) const { return address - reinterpret_cast<uintptr_t>(data_) < size_; }

  /// Checks an access and notes it. False: `fault` says why not.
  bool access(const Thread &thread, uintptr_t address, uint64_t size, Access access, uint64_t alignment,
              Fault &fault);

  /// Bytes whose contents are on their way, after access() has allowed the write.
  void markPending(uint64_t offset, uint64_t size);
  /// They have arrived for `thread`: holds the data and counts as its write now.
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

  std::vector<std::byte> memory_; // with room for alignment
  std::byte *data_ = nullptr;
  uint64_t size_ = 0;
  std::vector<uint8_t> states_;
  std::vector<uint32_t> writers_;
  std::vector<uint32_t> readers_;
  uint32_t now_ = 1;
  uint32_t blockTick_ = 1; // time of the last synchronisation of the block, and of each warp
  std::array<uint32_t, kMaxWarps> warpTicks_{};
  int64_t otherThread_ = Fault::kSeveral; // that the last race was with
};

} // namespace cria::gpusim
