// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pinned host memory between the caller's memory and device memory, for asynchronous transfers.
#pragma once

#include "Context.h"

#include <mutex>

namespace cria::cuda {

using PinnedMemory = Owned<void *>;

/// Allocates pinned memory. Errors: OUT_OF_MEMORY with the bytes needed.
Check allocatePinned(const DriverApi &api, uint64_t size, PinnedMemory &out);

/// A ring of slots of equal size for uploads. While the device reads one slot, the caller's memory, often
/// pages of a file that are read from disk at that moment, is copied to the next. Not thread-safe.
class UploadRing {
public:
  static Check make(const DriverApi &api, uint32_t numSlots, uint64_t slotBytes,
                    std::unique_ptr<UploadRing> &out);

  /// Copies `source` and queues its upload. Waits only if all slots are in use.
  Check upload(StreamHandle stream, DeviceAddress destination, const std::byte *source, uint64_t size);

private:
  struct Slot {
    std::byte *memory = nullptr;
    Owned<EventHandle> sent; // signaled when the slot is free again
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

/// Pending downloads. The device writes to pinned memory; after a wait for the device, deliver() copies the
/// data to the callers' memory. Thread-safe.
class Downloads {
public:
  static Check make(const DriverApi &api, std::shared_ptr<Downloads> &out);

  /// Queues a transfer. Waits for the stream only if the pinned memory, which grows up to a limit, is full.
  Check enqueue(StreamHandle stream, DeviceAddress source, std::byte *destination, uint64_t size);

  /// Returns the number of the newest transfer.
  uint64_t newest() const;
  /// Delivers all transfers up to this number. REQUIRES: the device has finished them.
  void deliver(uint64_t upTo);
  /// Drops all transfers, after the loss of the device.
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
