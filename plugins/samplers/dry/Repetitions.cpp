// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/samplers/dry/Repetitions.h"

#include <algorithm>

/// z[k] is the length of the longest common prefix of the list and its suffix at k. [left, right) is the
/// match with the greatest end so far.
static std::vector<uint32_t> zArray(std::span<const int32_t> list) {
  std::vector<uint32_t> z(list.size(), 0);
  size_t left = 0, right = 0;
  for (size_t k = 1; k < list.size(); ++k) {
    size_t n = k < right ? std::min<size_t>(z[k - left], right - k) : 0;
    while (k + n < list.size() && list[n] == list[k + n]) {
      ++n;
    }
    if (k + n > right) {
      left = k;
      right = k + n;
    }
    z[k] = static_cast<uint32_t>(n);
  }
  return z;
}

std::vector<uint32_t> suffixRepetitions(std::span<const int32_t> tokens, uint32_t limit) {
  const std::vector<int32_t> reversed(tokens.rbegin(), tokens.rend());
  std::vector<uint32_t> counts = zArray(reversed);
  std::reverse(counts.begin(), counts.end());
  for (uint32_t &count : counts) {
    count = std::min(count, limit);
  }
  return counts;
}

std::unordered_map<int32_t, uint32_t> continuations(std::span<const int32_t> tokens, uint32_t limit,
                                                    uint32_t minLength) {
  std::unordered_map<int32_t, uint32_t> longest;
  const std::vector<uint32_t> counts = suffixRepetitions(tokens, limit);
  for (size_t i = 0; i + 1 < tokens.size(); ++i) {
    if (counts[i] >= minLength) {
      uint32_t &known = longest.try_emplace(tokens[i + 1], 0).first->second;
      known = std::max(known, counts[i]);
    }
  }
  return longest;
}
