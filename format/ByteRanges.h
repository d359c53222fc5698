// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A set of bytes as half-open ranges.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>

namespace cria {

/// Ranges that touch are merged, so that the number of ranges stays small. Not thread-safe.
class ByteRanges {
public:
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
  bool covers(uint64_t begin, uint64_t end) const {
    auto next = ends_.upper_bound(begin);
    return next != ends_.begin() && std::prev(next)->second >= end;
  }
  bool empty() const { return ends_.empty(); }

private:
  std::map<uint64_t, uint64_t> ends_; // by begin
};

} // namespace cria
