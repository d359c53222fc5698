// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Passes on results in the order of their requests, each as soon as it and all before it are there.
#pragma once

#include <functional>
#include <map>
#include <utility>

namespace cria::cli {

/// Not thread-safe. Holds only the results that wait for an earlier one.
template <typename Result> class ResultsInOrder {
public:
  using Consumer = std::function<void(size_t index, Result result)>;

  explicit ResultsInOrder(Consumer consumer) : consumer_(std::move(consumer)) {}

  /// REQUIRES: each index from 0 is added once.
  void add(size_t index, Result result) {
    waiting_.emplace(index, std::move(result));
    for (auto first = waiting_.begin(); first != waiting_.end() && first->first == next_;
         first = waiting_.begin()) {
      Result ready = std::move(first->second);
      waiting_.erase(first);
      consumer_(next_++, std::move(ready));
    }
  }

private:
  Consumer consumer_;
  std::map<size_t, Result> waiting_;
  size_t next_ = 0;
};

} // namespace cria::cli
