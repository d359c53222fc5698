// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/MappedFile.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

namespace cria {
namespace {

/// Far more files than a package has. Files beyond are mapped, but cannot be found.
constexpr size_t kNumSlots = 4096;

/// A mapped file, of which a signal handler may read.
struct Slot {
  std::atomic<bool> isTaken = false;
  std::atomic<uintptr_t> begin = 0; // 0: none; set last
  std::atomic<uintptr_t> end = 0;
  std::atomic<char *> path = nullptr; // owned
};

/// A global, because a signal handler uses it.
std::array<Slot, kNumSlots> slots;

size_t takeSlot(std::span<const std::byte> bytes, const std::string &path) {
  for (size_t i = 0; i < kNumSlots; ++i) {
    if (!slots[i].isTaken.exchange(true)) {
      const auto begin = reinterpret_cast<uintptr_t>(bytes.data());
      slots[i].path = strdup(path.c_str());
      slots[i].end = begin + bytes.size();
      slots[i].begin = begin;
      return i;
    }
  }
  return kNumSlots;
}

void releaseSlot(size_t slot) {
  if (slot < kNumSlots) {
    slots[slot].begin = 0;
    std::free(slots[slot].path.exchange(nullptr));
    slots[slot].isTaken = false;
  }
}

/// The size of a large page on x86-64, and on AArch64 with pages of 4 KiB.
constexpr size_t kLargePage = size_t(2) << 20;

/// Maps a file where its large pages, as the page cache of some file systems has them, are large pages of
/// memory, too: with small ones, some machines read a quarter slower. Null: not possible.
void *mapInLargePages(int file, size_t size) {
  void *reserved =
      mmap(nullptr, size + kLargePage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (reserved == MAP_FAILED) {
    return nullptr;
  }
  const auto first = reinterpret_cast<uintptr_t>(reserved);
  const uintptr_t start = (first + kLargePage - 1) / kLargePage * kLargePage;
  const size_t pageSize = size_t(sysconf(_SC_PAGESIZE)),
               end = start + (size + pageSize - 1) / pageSize * pageSize;
  void *mapped = mmap(reinterpret_cast<void *>(start), size, PROT_READ, MAP_PRIVATE | MAP_FIXED, file, 0);
  if (mapped == MAP_FAILED) {
    munmap(reserved, size + kLargePage);
    return nullptr;
  }
  if (start > first) {
    munmap(reserved, start - first);
  }
  if (end < first + size + kLargePage) {
    munmap(reinterpret_cast<void *>(end), first + size + kLargePage - end);
  }
  (void)madvise(mapped, size, MADV_HUGEPAGE); // fails where the kernel has no large pages
  return mapped;
}

/// Null, with errno, if the file cannot be mapped.
void *mapPages(int file, size_t size) {
  void *mapped = size >= kLargePage ? mapInLargePages(file, size) : nullptr;
  if (mapped == nullptr) {
    mapped = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
  }
  return mapped == MAP_FAILED ? nullptr : mapped;
}

} // namespace

StatusOr<MappedFile> MappedFile::map(const RegularFile &file, const std::string &path) {
  MappedFile mapped;
  if (file.size == 0) {
    mapped.slot_ = kNumSlots;
    return mapped;
  }
  void *start = mapPages(file.descriptor.get(), size_t(file.size));
  if (start == nullptr) {
    return error(StatusCode::io, "{}: cannot map {} bytes: {}", path, file.size, std::strerror(errno));
  }
  mapped.bytes_ = {static_cast<const std::byte *>(start), size_t(file.size)};
  mapped.slot_ = takeSlot(mapped.bytes_, path);
  return mapped;
}

MappedFile::MappedFile(MappedFile &&other) noexcept
    : bytes_(std::exchange(other.bytes_, {})), slot_(std::exchange(other.slot_, kNumSlots)) {}

MappedFile &MappedFile::operator=(MappedFile &&other) noexcept {
  std::swap(bytes_, other.bytes_);
  std::swap(slot_, other.slot_);
  return *this;
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) {
    releaseSlot(slot_);
    munmap(const_cast<std::byte *>(bytes_.data()), bytes_.size());
  }
}

const char *findMappedFile(const void *address) {
  const auto at = reinterpret_cast<uintptr_t>(address);
  for (const Slot &slot : slots) {
    const uintptr_t begin = slot.begin;
    if (begin != 0 && at >= begin && at < slot.end) {
      return slot.path;
    }
  }
  return nullptr;
}

} // namespace cria
