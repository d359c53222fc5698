// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Uploads and downloads through pinned memory.
#include "Staging.h"

#include <algorithm>

namespace cria::cuda {
namespace {

/// Initial size of the memory for downloads: the logits of some sequences with a vocabulary of 32000. It
/// grows up to a size beyond which a wait costs less than the memory.
constexpr uint64_t kFirstDownloadBytes = uint64_t{1} << 20;
constexpr uint64_t kMaxDownloadBytes = uint64_t{64} << 20;
/// A step has one download; others occur only outside of steps.
constexpr size_t kUsualDownloads = 16;

} // namespace

Check allocatePinned(const DriverApi &api, uint64_t size, PinnedMemory &out) {
  void *memory = nullptr;
  const Result result = api.memHostAlloc(&memory, size, 0);
  if (result == kOutOfMemory) {
    return refuse(CRIA_STATUS_OUT_OF_MEMORY, "staging needs " + std::to_string(size) +
                                                 " bytes of pinned host memory, which are not available");
  }
  CRIA_CUDA_TRY(checkResult(api, result, "allocating pinned memory"));
  out = own(memory, api.memFreeHost);
  return {};
}

Check UploadRing::make(const DriverApi &api, uint32_t numSlots, uint64_t slotBytes,
                       std::unique_ptr<UploadRing> &out) {
  std::unique_ptr<UploadRing> ring(new UploadRing(api));
  ring->slotBytes_ = slotBytes;
  ring->slots_.resize(numSlots);
  CRIA_CUDA_TRY(allocatePinned(api, numSlots * slotBytes, ring->memory_));
  for (uint32_t i = 0; i < numSlots; ++i) {
    EventHandle event = nullptr;
    CRIA_CUDA_TRY(checkResult(api, api.eventCreate(&event, kEventDisableTiming), "creating an event"));
    ring->slots_[i].sent = own(event, api.eventDestroy);
    ring->slots_[i].memory = static_cast<std::byte *>(ring->memory_.get()) + i * slotBytes;
  }
  out = std::move(ring);
  return {};
}

Check UploadRing::upload(StreamHandle stream, DeviceAddress destination, const std::byte *source,
                         uint64_t size) {
  for (uint64_t done = 0; done < size;) {
    const Slot &slot = slots_[next_];
    const uint64_t piece = std::min(slotBytes_, size - done);
    CRIA_CUDA_TRY(await(slot));
    std::memcpy(slot.memory, source + done, piece);
    CRIA_CUDA_TRY(send(slot, stream, destination + done, piece));
    next_ = (next_ + 1) % slots_.size();
    done += piece;
  }
  return {};
}

/// An event that has never been recorded counts as done.
Check UploadRing::await(const Slot &slot) const {
  Result result = api_.eventQuery(slot.sent.get());
  if (result == kNotReady) {
    result = api_.eventSynchronize(slot.sent.get());
  }
  return checkResult(api_, result, "upload");
}

Check UploadRing::send(const Slot &slot, StreamHandle stream, DeviceAddress destination, uint64_t size) {
  CRIA_CUDA_TRY(checkResult(api_, api_.memcpyHtoDAsync(destination, slot.memory, size, stream), "upload"));
  const Result result = api_.eventRecord(slot.sent.get(), stream);
  if (result != kSuccess) {
    (void)api_.streamSynchronize(stream); // otherwise it is unknown when the slot is free again
  }
  return checkResult(api_, result, "upload");
}

Check Downloads::make(const DriverApi &api, std::shared_ptr<Downloads> &out) {
  std::shared_ptr<Downloads> downloads(new Downloads(api));
  CRIA_CUDA_TRY(downloads->grow(kFirstDownloadBytes));
  downloads->pending_.reserve(kUsualDownloads);
  out = std::move(downloads);
  return {};
}

Check Downloads::enqueue(StreamHandle stream, DeviceAddress source, std::byte *destination, uint64_t size) {
  const std::lock_guard lock(mutex_);
  for (uint64_t done = 0; done < size;) {
    CRIA_CUDA_TRY(makeRoom(stream, size - done));
    const uint64_t piece = std::min(size - done, capacity_ - used_);
    std::byte *staged = static_cast<std::byte *>(memory_.get()) + used_;
    pending_.push_back({newest_ + 1, destination + done, staged, piece});
    const Result result = api_.memcpyDtoHAsync(staged, source + done, piece, stream);
    if (result != kSuccess) {
      pending_.pop_back();
      return checkResult(api_, result, "download");
    }
    ++newest_;
    used_ += piece;
    done += piece;
  }
  return {};
}

/// Small transfers are not split; large ones are split into pieces of the available size.
Check Downloads::makeRoom(StreamHandle stream, uint64_t size) {
  const uint64_t wanted = std::min(size, kMaxDownloadBytes);
  if (capacity_ - used_ >= wanted) {
    return {};
  }
  CRIA_CUDA_TRY(checkResult(api_, api_.streamSynchronize(stream), "download"));
  deliverLocked(newest_);
  return capacity_ >= wanted ? Check{} : grow(wanted);
}

/// REQUIRES: no transfer is pending.
Check Downloads::grow(uint64_t size) {
  uint64_t capacity = kFirstDownloadBytes;
  while (capacity < size) {
    capacity *= 2;
  }
  PinnedMemory larger;
  CRIA_CUDA_TRY(allocatePinned(api_, capacity, larger));
  memory_ = std::move(larger);
  capacity_ = capacity;
  used_ = 0;
  return {};
}

uint64_t Downloads::newest() const {
  const std::lock_guard lock(mutex_);
  return newest_;
}

void Downloads::deliver(uint64_t upTo) {
  const std::lock_guard lock(mutex_);
  deliverLocked(upTo);
}

void Downloads::deliverLocked(uint64_t upTo) {
  auto next = pending_.begin();
  for (; next != pending_.end() && next->number <= upTo; ++next) {
    std::memcpy(next->destination, next->source, next->size);
  }
  pending_.erase(pending_.begin(), next);
  used_ = pending_.empty() ? 0 : used_;
}

void Downloads::discard() {
  const std::lock_guard lock(mutex_);
  pending_.clear();
  used_ = 0;
}

} // namespace cria::cuda
