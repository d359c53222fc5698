// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ByteRanges: a set of byte offsets, stored as half-open ranges.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>

namespace cria {

/// Merges overlapping and adjacent ranges. Not thread-safe.
class ByteRanges {
public:
  /// Adds [begin, end).
  void add(uint64_t begin, uint64_t end) {
    auto next = ends_.upper_bound(begin);
    if (next != ends_.begin() && std::prev(next)->second >= begin) {
      --next;
    }
    while (next != ends_.end() && next->first <= end) {
      begin = std::min(begin, next->first);
      end = std::max(end, next->second);
      next = ends_.erase(next);
    }
    ends_.emplace(begin, end);
  }
  /// Returns whether all of [begin, end) was added.
  bool covers(uint64_t begin, uint64_t end) const {
    auto next = ends_.upper_bound(begin);
    return next != ends_.begin() && std::prev(next)->second >= end;
  }
  bool empty() const { return ends_.empty(); }

private:
  std::map<uint64_t, uint64_t> ends_; // end of each range, by its begin
};

} // namespace cria
