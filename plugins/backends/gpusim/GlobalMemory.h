// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The buffers of a launch: checks bounds, access rights, initialization, and races between blocks. For every
// byte of writable memory, records which block wrote it and which block or blocks read it in this launch.
#pragma once

#include "plugins/backends/gpusim/Finding.h"
#include "plugins/backends/gpusim/GpuSim.h"

namespace cria::gpusim {

class GlobalMemory {
public:
  /// Begins a launch. The windows must not move until the next one.
  void begin(const std::vector<MemoryWindow> &windows);

  /// Checks and records an access of `size` bytes by the block with linear index `block`. window: index of
  /// the window that the address derives from, or -1 to search. Returns false and sets `fault` if the access
  /// is invalid.
  bool access(uint32_t block, uintptr_t address, uint64_t size, Access access, uint64_t alignment,
              int32_t window, Fault &fault);

private:
  static constexpr uint64_t kPageBytes = 4096;
  struct Page {
    uint32_t writers[kPageBytes] = {};
    uint32_t readers[kPageBytes] = {};
  };
  /// The memory of writable windows that are adjacent or overlap.
  struct Region {
    uintptr_t begin = 0;
    uintptr_t end = 0;
    std::vector<Page *> pages;
  };
  struct Window {
    uintptr_t begin = 0;
    uint64_t size = 0;
    uint8_t *initialised = nullptr;
    bool writable = false;
    const std::string *name = nullptr;
  };

  void formRegions();
  void releasePages();
  Page &pageOf(Region &region, uintptr_t address);
  const Window *find(uintptr_t address, uint64_t size, Access access) const;
  static FaultKind check(const Window &window, uintptr_t address, uint64_t size, Access access,
                         uint64_t alignment);
  bool noteInRegions(uint32_t block, uintptr_t address, uint64_t size, Access access);
  bool noteBytes(Region &region, uint32_t block, uintptr_t address, uint64_t size, Access access);
  bool noteRead(Page &page, uint64_t at, uint64_t count, uint32_t self);
  bool noteWrite(Page &page, uint64_t at, uint64_t count, uint32_t self, bool atomic);

  std::vector<Window> windows_;
  std::vector<Region> regions_;
  std::vector<std::unique_ptr<Page>> pages_; // the first usedPages_ are in use
  size_t usedPages_ = 0;
  int64_t otherBlock_ = Fault::kSeveral; // the other block of the last race
};

} // namespace cria::gpusim
