// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// For each byte there are a record of the last write and one of the last reads: the time (20 bits) and the
// accessor (11 bits: a thread, several lanes of one warp, or threads of several warps). The top bit marks an
// atomic write.
#include "plugins/backends/gpusim/SharedMemory.h"

#include "plugins/backends/gpusim/ByteShadow.h"

#include <algorithm>

namespace cria::gpusim {
namespace {

constexpr uint64_t kBaseAlignment = 1024; // at least that of any access
constexpr uint32_t kWhoBits = 11;
constexpr uint32_t kWhoMask = (1u << kWhoBits) - 1;
constexpr uint32_t kMaxTick = (1u << 20) - 1;
constexpr uint32_t kLanesOfWarp = kMaxThreadsPerBlock; // plus the warp
constexpr uint32_t kSeveralWarps = kLanesOfWarp + kMaxWarps;
constexpr std::byte kUndefinedByte{0xFF};

uint32_t tickOf(uint32_t record) { return (record & ~kAtomicBit) >> kWhoBits; }

/// kMaxWarps for several.
uint32_t warpOf(uint32_t who) {
  return who < kLanesOfWarp ? who / kWarpSize : who - kLanesOfWarp; // kSeveralWarps gives kMaxWarps
}

} // namespace

void SharedMemory::resize(uint64_t bytes) {
  size_ = bytes;
  if (states_.size() >= bytes && data_ != nullptr) {
    return;
  }
  memory_.assign(bytes + kBaseAlignment, kUndefinedByte);
  const uintptr_t begin = reinterpret_cast<uintptr_t>(memory_.data());
  data_ = memory_.data() + (kBaseAlignment - begin % kBaseAlignment) % kBaseAlignment;
  states_.assign(bytes, kUndefined);
  writers_.assign(bytes, 0);
  readers_.assign(bytes, 0);
}

/// Records of earlier blocks remain, but are older than the tick.
void SharedMemory::beginBlock() {
  std::fill_n(data_, size_, kUndefinedByte);
  std::fill_n(states_.begin(), size_, kUndefined);
  synchroniseBlock();
}

/// When the clock wraps around, races across that moment are missed.
void SharedMemory::tick() {
  if (++now_ > kMaxTick) {
    std::fill(writers_.begin(), writers_.end(), 0);
    std::fill(readers_.begin(), readers_.end(), 0);
    now_ = 1;
    blockTick_ = 1;
    warpTicks_.fill(0);
  }
}

void SharedMemory::synchroniseBlock() {
  tick();
  blockTick_ = now_;
}

void SharedMemory::synchroniseWarp(uint32_t warp) {
  tick();
  warpTicks_[warp] = now_;
}

uint32_t SharedMemory::recordOf(uint32_t who) const { return now_ << kWhoBits | who; }

bool SharedMemory::conflicts(uint32_t record, const Thread &thread, bool atomic) {
  const uint32_t who = record & kWhoMask;
  const uint32_t when = tickOf(record);
  if (when < blockTick_ || who == thread.index || (atomic && (record & kAtomicBit) != 0)) {
    return false;
  }
  const uint32_t warp = warpOf(who);
  if (warp == thread.warpId && when < warpTicks_[warp]) {
    return false;
  }
  otherThread_ = who < kLanesOfWarp ? int64_t{who} : Fault::kSeveral;
  return true;
}

bool SharedMemory::noteRead(const Thread &thread, uint64_t offset, uint64_t size) {
  if (!updateRecords(&writers_[offset], size,
                     [&](uint32_t &writer) { return !conflicts(writer, thread, false); })) {
    return false;
  }
  return updateRecords(&readers_[offset], size, [&](uint32_t &reader) {
    reader = recordBeside(reader, thread);
    return true;
  });
}

/// Merges accessors of the same tick.
uint32_t SharedMemory::recordBeside(uint32_t earlier, const Thread &thread) {
  if (!conflicts(earlier, thread, false)) {
    return recordOf(thread.index);
  }
  const bool isSameWarp = warpOf(earlier & kWhoMask) == thread.warpId;
  return recordOf(isSameWarp ? kLanesOfWarp + thread.warpId : kSeveralWarps);
}

bool SharedMemory::noteWrite(const Thread &thread, uint64_t offset, uint64_t size, bool atomic) {
  if (!updateRecords(&readers_[offset], size,
                     [&](uint32_t &reader) { return !conflicts(reader, thread, false); })) {
    return false;
  }
  return updateRecords(&writers_[offset], size, [&](uint32_t &writer) {
    if (conflicts(writer, thread, atomic)) {
      return false;
    }
    writer = recordBeside(writer, thread) | (atomic ? kAtomicBit : 0);
    return true;
  });
}

FaultKind SharedMemory::checkState(uint64_t offset, uint64_t size, Access access) const {
  const uint8_t *states = &states_[offset];
  if (allBytesAre(states, size, kDefined)) {
    return FaultKind::none;
  }
  if (std::find(states, states + size, kPending) != states + size) {
    return FaultKind::pendingCopy;
  }
  return access == Access::write ? FaultKind::none : FaultKind::uninitialised;
}

bool SharedMemory::access(const Thread &thread, uintptr_t address, uint64_t size, Access access,
                          uint64_t alignment, Fault &fault) {
  const FaultKind kind = check(thread, address, size, access, alignment);
  if (kind == FaultKind::none) {
    return true;
  }
  fault = {.kind = kind,
           .place = Place::shared,
           .isWrite = access != Access::read && kind != FaultKind::uninitialised,
           .offset = address - reinterpret_cast<uintptr_t>(data_),
           .size = size,
           .memorySize = size_,
           .address = address,
           .other = otherThread_};
  return false;
}

FaultKind SharedMemory::check(const Thread &thread, uintptr_t address, uint64_t size, Access access,
                              uint64_t alignment) {
  const uint64_t offset = address - reinterpret_cast<uintptr_t>(data_);
  if (offset > size_ || size > size_ - offset) {
    return FaultKind::outOfBounds;
  }
  if ((address & (alignment - 1)) != 0) {
    return FaultKind::misaligned;
  }
  if (size == 0) {
    return FaultKind::none;
  }
  if (const FaultKind kind = checkState(offset, size, access); kind != FaultKind::none) {
    return kind;
  }
  if (access == Access::read) {
    return noteRead(thread, offset, size) ? FaultKind::none : FaultKind::sharedRace;
  }
  if (!noteWrite(thread, offset, size, access == Access::atomic)) {
    return FaultKind::sharedRace;
  }
  std::memset(&states_[offset], kDefined, size);
  return FaultKind::none;
}

void SharedMemory::markPending(uint64_t offset, uint64_t size) {
  std::memset(&states_[offset], kPending, size);
}

void SharedMemory::complete(const Thread &thread, uint64_t offset, uint64_t size, const std::byte *data) {
  std::memcpy(data_ + offset, data, size);
  std::memset(&states_[offset], kDefined, size);
  fillRecords(&writers_[offset], size, recordOf(thread.index));
}

} // namespace cria::gpusim
