// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pinned host memory between the caller's memory and the card: transfers from and to it run while the
// processor does something else.
#pragma once

#include "Context.h"

#include <mutex>

namespace cria::cuda {

using PinnedMemory = Owned<void *>;

/// Errors: OUT_OF_MEMORY with the bytes needed.
Check allocatePinned(const DriverApi &api, uint64_t size, PinnedMemory &out);

/// Slots of equal size, used in turn for uploads. While the card reads one slot, the caller's memory (often
/// pages of a file that are read from disk then) is copied into the next.
class UploadRing {
public:
  static Check make(const DriverApi &api, uint32_t numSlots, uint64_t slotBytes,
                    std::unique_ptr<UploadRing> &out);

  /// Copies `source`, queues its way to the card, and returns. Waits only when all slots are on their way.
  Check upload(StreamHandle stream, DeviceAddress destination, const std::byte *source, uint64_t size);

private:
  struct Slot {
    std::byte *memory = nullptr;
    Owned<EventHandle> sent; // done: the slot is free again
  };
  explicit UploadRing(const DriverApi &api) : api_(api) {}
  Check await(const Slot &slot) const;
  Check send(const Slot &slot, StreamHandle stream, DeviceAddress destination, uint64_t size);

  const DriverApi &api_;
  PinnedMemory memory_;
  uint64_t slotBytes_ = 0;
  std::vector<Slot> slots_;
  size_t next_ = 0;
};

/// Downloads that wait for their delivery: the card writes pinned memory, and whoever has waited for the card
/// copies it to where the caller wants it. Threads: any, at once.
class Downloads {
public:
  static Check make(const DriverApi &api, std::shared_ptr<Downloads> &out);

  /// Queues a transfer. Waits for the stream only when there is no room, which grows up to a limit.
  Check enqueue(StreamHandle stream, DeviceAddress source, std::byte *destination, uint64_t size);

  /// Number of the newest transfer.
  uint64_t newest() const;
  /// Copies out all transfers up to this number, which the card has finished.
  void deliver(uint64_t upTo);
  /// Forgets all transfers: they will never arrive.
  void discard();

private:
  struct Pending {
    uint64_t number;
    std::byte *destination;
    const std::byte *source; // in memory_
    uint64_t size;
  };
  explicit Downloads(const DriverApi &api) : api_(api) {}
  Check makeRoom(StreamHandle stream, uint64_t size);
  Check grow(uint64_t size);
  void deliverLocked(uint64_t upTo);

  const DriverApi &api_;
  mutable std::mutex mutex_;
  PinnedMemory memory_;
  uint64_t capacity_ = 0;
  uint64_t used_ = 0;
  uint64_t newest_ = 0;
  std::vector<Pending> pending_;
};

} // namespace cria::cuda
