// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Lanes mostly execute the same instructions, so their logs are merged in parallel.
#include "plugins/backends/gpusim/BankConflicts.h"

#include <algorithm>

namespace cria::gpusim {
namespace {

constexpr uint32_t kBanks = 32;
constexpr uint32_t kBankBytes = 4;

uint64_t conflictsOfGroup(const uint32_t *offsets, uint32_t count, uint32_t wordsEach) {
  std::array<uint32_t, size_t{kWarpSize} * 4> words;
  uint32_t numWords = 0;
  for (uint32_t lane = 0; lane < count; ++lane) {
    for (uint32_t w = 0; w < wordsEach; ++w) {
      words[numWords++] = offsets[lane] / kBankBytes + w;
    }
  }
  std::sort(words.begin(), words.begin() + numWords);
  std::array<uint32_t, kBanks> perBank{};
  uint32_t most = 0;
  for (uint32_t i = 0; i < numWords; ++i) {
    if (i == 0 || words[i] != words[i - 1]) {
      most = std::max(most, ++perBank[words[i] % kBanks]);
    }
  }
  return most > 1 ? most - 1 : 0;
}

/// Returns whether the accesses are to consecutive words or all to the same word, which have no conflicts.
bool isConflictFree(const uint32_t *offsets, uint32_t count, uint32_t size) {
  const uint32_t step = count > 1 ? offsets[1] - offsets[0] : 0;
  if (step != size && step != 0) {
    return false;
  }
  for (uint32_t lane = 1; lane < count; ++lane) {
    if (offsets[lane] - offsets[lane - 1] != step) {
      return false;
    }
  }
  return true;
}

} // namespace

uint64_t countBankConflicts(const uint32_t *offsets, uint32_t count, uint32_t size) {
  if (isConflictFree(offsets, count, size)) {
    return 0;
  }
  const uint32_t wordsEach = std::clamp((size + kBankBytes - 1) / kBankBytes, 1u, 4u);
  const uint32_t groupLanes = kWarpSize / (wordsEach == 3 ? 4 : wordsEach);
  uint64_t conflicts = 0;
  for (uint32_t first = 0; first < count; first += groupLanes) {
    conflicts += conflictsOfGroup(offsets + first, std::min(groupLanes, count - first), wordsEach);
  }
  return conflicts;
}

void BankConflicts::begin(uint32_t numWarps) {
  logs_.resize(std::max(logs_.size(), size_t{numWarps} * kWarpSize));
  for (Log &log : logs_) {
    log.count = 0;
  }
}

/// Each round serves the next instruction of the first lane that has one left, for all lanes with the same
/// next instruction. Diverged lanes are merged again at the next instruction that they have in common.
uint64_t BankConflicts::take(uint32_t warp) {
  Log *logs = &logs_[size_t{warp} * kWarpSize];
  std::array<uint32_t, kWarpSize> next{};
  uint64_t conflicts = 0;
  for (;;) {
    const Site *site = nullptr;
    std::array<uint32_t, kWarpSize> offsets;
    uint32_t count = 0;
    for (uint32_t lane = 0; lane < kWarpSize; ++lane) {
      if (next[lane] == logs[lane].count) {
        continue;
      }
      const Entry &entry = logs[lane].entries[next[lane]];
      if (site == nullptr || site == entry.site) {
        site = entry.site;
        offsets[count++] = entry.offset;
        ++next[lane];
      }
    }
    if (site == nullptr) {
      break;
    }
    conflicts += countBankConflicts(offsets.data(), count, site->size);
  }
  for (uint32_t lane = 0; lane < kWarpSize; ++lane) {
    logs[lane].count = 0;
  }
  return conflicts;
}

} // namespace cria::gpusim
