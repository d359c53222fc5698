// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Counts bank conflicts in shared memory. The model has 32 banks of 4 bytes. The k-th executions of an
// instruction by the lanes between two synchronizations of their warp count as one access of the warp. It is
// served in groups: all lanes for up to 4 bytes, half a warp for 8, a quarter for 16. A group takes as many
// cycles as the largest number of different words in one bank; each cycle after the first is a conflict. Only
// the first kLogLength accesses of a lane between two synchronizations are considered.
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
  /// Called when the warp synchronizes. Returns the conflicts of its accesses since the previous call.
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

/// Returns the conflicts of one access of the warp. offsets: of the participating lanes, in lane order, in
/// bytes. size: bytes per lane.
uint64_t countBankConflicts(const uint32_t *offsets, uint32_t count, uint32_t size);

} // namespace cria::gpusim
