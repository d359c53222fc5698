// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Accesses of blocks are recorded in 32 bits per byte: the block's linear index plus one, or "several". Pages
// of records exist only for writable memory that has been accessed.
#include "plugins/backends/gpusim/GlobalMemory.h"

#include "plugins/backends/gpusim/ByteShadow.h"

#include <algorithm>

namespace cria::gpusim {
namespace {

constexpr uint32_t kSeveral = 0x7FFFFFFFu;
constexpr uint32_t kBlockMask = 0x7FFFFFFFu;

} // namespace

void GlobalMemory::begin(const std::vector<MemoryWindow> &windows) {
  windows_.clear();
  for (const MemoryWindow &window : windows) {
    windows_.push_back({.begin = reinterpret_cast<uintptr_t>(window.data),
                        .size = window.size,
                        .initialised = window.initialised,
                        .writable = window.writable,
                        .name = &window.name});
  }
  releasePages();
  formRegions();
}

void GlobalMemory::releasePages() {
  for (size_t i = 0; i < usedPages_; ++i) {
    *pages_[i] = Page{};
  }
  usedPages_ = 0;
}

/// Merges the writable windows, and then finds every window that overlaps one.
void GlobalMemory::formRegions() {
  regions_.clear();
  for (const Window &window : windows_) {
    if (window.writable && window.size != 0) {
      regions_.push_back({.begin = window.begin, .end = window.begin + window.size, .pages = {}});
    }
  }
  std::sort(regions_.begin(), regions_.end(),
            [](const Region &a, const Region &b) { return a.begin < b.begin; });
  std::vector<Region> merged;
  for (Region &region : regions_) {
    if (!merged.empty() && region.begin <= merged.back().end) {
      merged.back().end = std::max(merged.back().end, region.end);
    } else {
      merged.push_back(std::move(region));
    }
  }
  regions_ = std::move(merged);
  for (Region &region : regions_) {
    region.pages.assign((region.end - 1) / kPageBytes - region.begin / kPageBytes + 1, nullptr);
  }
}

GlobalMemory::Page &GlobalMemory::pageOf(Region &region, uintptr_t address) {
  Page *&page = region.pages[address / kPageBytes - region.begin / kPageBytes];
  if (page == nullptr) {
    if (usedPages_ == pages_.size()) {
      pages_.push_back(std::make_unique<Page>());
    }
    page = pages_[usedPages_++].get();
  }
  return *page;
}

const GlobalMemory::Window *GlobalMemory::find(uintptr_t address, uint64_t size, Access access) const {
  const Window *found = nullptr;
  for (const Window &window : windows_) {
    const uint64_t offset = address - window.begin;
    if (offset <= window.size && size <= window.size - offset) {
      if (window.writable || access == Access::read) {
        return &window;
      }
      found = &window;
    }
  }
  return found;
}

bool GlobalMemory::access(uint32_t block, uintptr_t address, uint64_t size, Access access, uint64_t alignment,
                          int32_t window, Fault &fault) {
  const bool isWrite = access != Access::read;
  const Window *w = window >= 0 ? &windows_[static_cast<size_t>(window)] : find(address, size, access);
  if (w == nullptr) {
    fault = {.kind = FaultKind::outOfBounds, .isWrite = isWrite, .size = size, .address = address};
    return false;
  }
  const FaultKind kind = check(*w, address, size, access, alignment);
  if (kind == FaultKind::none && noteInRegions(block, address, size, access)) {
    return true;
  }
  fault = {.kind = kind == FaultKind::none ? FaultKind::blockRace : kind,
           .place = Place::buffer,
           .isWrite = isWrite && kind != FaultKind::uninitialised,
           .buffer = w->name,
           .offset = address - w->begin,
           .size = size,
           .memorySize = w->size,
           .address = address,
           .other = otherBlock_};
  return false;
}

FaultKind GlobalMemory::check(const Window &window, uintptr_t address, uint64_t size, Access access,
                              uint64_t alignment) {
  const uint64_t offset = address - window.begin;
  if (offset > window.size || size > window.size - offset) {
    return FaultKind::outOfBounds;
  }
  if (access != Access::read && !window.writable) {
    return FaultKind::readOnly;
  }
  if ((address & (alignment - 1)) != 0) {
    return FaultKind::misaligned;
  }
  if (window.initialised == nullptr) {
    return FaultKind::none;
  }
  if (access != Access::write && !allBytesAre(window.initialised + offset, size, 1)) {
    return FaultKind::uninitialised;
  }
  if (access != Access::read) {
    std::memset(window.initialised + offset, 1, size);
  }
  return FaultKind::none;
}

bool GlobalMemory::noteInRegions(uint32_t block, uintptr_t address, uint64_t size, Access access) {
  for (Region &region : regions_) {
    if (address < region.end && address + size > region.begin &&
        !noteBytes(region, block, address, size, access)) {
      return false;
    }
  }
  return true;
}

/// An access may span two pages, and only a part of a read-only window may be in the region.
bool GlobalMemory::noteBytes(Region &region, uint32_t block, uintptr_t address, uint64_t size,
                             Access access) {
  const uintptr_t end = std::min(address + size, region.end);
  for (uintptr_t at = std::max(address, region.begin); at < end;) {
    const uint64_t inPage = at % kPageBytes;
    const uint64_t count = std::min(end - at, kPageBytes - inPage);
    Page &page = pageOf(region, at);
    const uint32_t self = block + 1;
    if (access == Access::read ? !noteRead(page, inPage, count, self)
                               : !noteWrite(page, inPage, count, self, access == Access::atomic)) {
      return false;
    }
    at += count;
  }
  return true;
}

bool GlobalMemory::noteRead(Page &page, uint64_t at, uint64_t count, uint32_t self) {
  const bool alone = updateRecords(page.writers + at, count, [&](uint32_t &writer) {
    otherBlock_ = (writer & kBlockMask) == kSeveral ? -1 : int64_t{writer & kBlockMask} - 1;
    return writer == 0 || (writer & kBlockMask) == self;
  });
  return alone && updateRecords(page.readers + at, count, [&](uint32_t &reader) {
           reader = reader == 0 || reader == self ? self : kSeveral;
           return true;
         });
}

bool GlobalMemory::noteWrite(Page &page, uint64_t at, uint64_t count, uint32_t self, bool atomic) {
  const auto other = [&](uint32_t record) {
    otherBlock_ = (record & kBlockMask) == kSeveral ? -1 : int64_t{record & kBlockMask} - 1;
    return record != 0 && (record & kBlockMask) != self;
  };
  const bool unread =
      updateRecords(page.readers + at, count, [&](uint32_t &reader) { return !other(reader); });
  return unread && updateRecords(page.writers + at, count, [&](uint32_t &writer) {
           const bool foreign = other(writer);
           if (foreign && !(atomic && (writer & kAtomicBit) != 0)) {
             return false;
           }
           writer = (atomic ? kAtomicBit : 0) | (foreign ? kSeveral : self);
           return true;
         });
}

} // namespace cria::gpusim
