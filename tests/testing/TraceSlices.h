// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads the slices of a file in the Trace Event Format, with times in whole nanoseconds.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace cria::test {

struct ReadSlice {
  std::string name;
  int64_t startNs = 0, endNs = 0;
  nlohmann::json arguments;

  bool contains(const ReadSlice &other) const { return startNs <= other.startNs && other.endNs <= endNs; }
};

/// The number of the track with this name; -1 if there is none.
inline int64_t trackNamed(const nlohmann::json &trace, const std::string &name) {
  for (const nlohmann::json &event : trace["traceEvents"]) {
    if (event["name"] == "thread_name" && event["args"]["name"] == name) {
      return event["tid"];
    }
  }
  return -1;
}

/// The slices of a track in the order of the file. A track that is not named has none.
inline std::vector<ReadSlice> slicesOf(const nlohmann::json &trace, const std::string &track) {
  const int64_t number = trackNamed(trace, track);
  const auto nanoseconds = [](const nlohmann::json &us) { return std::llround(us.get<double>() * 1000); };
  std::vector<ReadSlice> slices;
  for (const nlohmann::json &event : trace["traceEvents"]) {
    if (event["ph"] == "X" && event["tid"] == number) {
      const int64_t start = nanoseconds(event["ts"]);
      slices.push_back({event["name"], start, start + nanoseconds(event["dur"]), event["args"]});
    }
  }
  return slices;
}

inline std::vector<ReadSlice> slicesNamed(const std::vector<ReadSlice> &slices, const std::string &name) {
  std::vector<ReadSlice> found;
  std::ranges::copy_if(slices, std::back_inserter(found),
                       [&](const ReadSlice &slice) { return slice.name == name; });
  return found;
}

/// Expects that each slice begins after the one before it has ended.
inline void expectInOrder(const std::vector<ReadSlice> &slices) {
  int64_t end = 0;
  for (const ReadSlice &slice : slices) {
    EXPECT_GE(slice.startNs, end) << slice.name;
    EXPECT_GE(slice.endNs, slice.startNs) << slice.name;
    end = slice.endNs;
  }
}

/// Expects that each slice lies within one of `parents`, which are in order.
inline void expectWithin(const std::vector<ReadSlice> &slices, const std::vector<ReadSlice> &parents) {
  for (const ReadSlice &slice : slices) {
    EXPECT_TRUE(std::ranges::any_of(parents, [&](const ReadSlice &parent) { return parent.contains(slice); }))
        << slice.name << " from " << slice.startNs << " to " << slice.endNs;
  }
}

} // namespace cria::test
