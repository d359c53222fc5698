// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Counts how often lanes of a warp get in each other's way in shared memory. The model: 32 banks, 4 bytes
// wide. The k-th time that the lanes execute an instruction between two synchronisations of their warp counts
// as one access of the warp. It is served in groups: all lanes for up to 4 bytes, half a warp for 8, a
// quarter for 16. A group takes as many cycles as its busiest bank has different words; each beyond the first
// is a conflict. Of a lane's accesses between two synchronisations, the first kLogLength are looked at.
#pragma once

#include "plugins/backends/gpusim/Thread.h"

namespace cria::gpusim {

class BankConflicts {
public:
  static constexpr uint32_t kLogLength = 128;

  void begin(uint32_t numWarps);
  void note(const Thread &thread, const Site &site, uint64_t offset) {
    Log &log = logs_[thread.index];
    if (log.count < kLogLength) {
      log.entries[log.count++] = {&site, static_cast<uint32_t>(offset)};
    }
  }
  /// The warp has synchronised: returns the conflicts of its accesses since the last time.
  uint64_t take(uint32_t warp);

private:
  struct Entry {
    const Site *site;
    uint32_t offset;
  };
  struct Log {
    uint32_t count = 0;
    std::array<Entry, kLogLength> entries;
  };
  std::vector<Log> logs_;
};

/// Conflicts of one access of the warp. offsets: of the lanes that take part, in lane order. size: bytes of
/// each.
uint64_t countBankConflicts(const uint32_t *offsets, uint32_t count, uint32_t size);

} // namespace cria::gpusim
