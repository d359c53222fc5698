// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How long work takes on a device at the clocks that it holds, and not at those of its first millisecond.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace cria::check {

/// The median seconds of repeated runs of run(), which returns the seconds that the device took. Runs for a
/// tenth of a second to warm up, then for three tenths and at least five times. Work that takes almost no
/// time is not run more than a thousand times.
template <typename Run> double steadySeconds(Run &&run) {
  constexpr double kWarmUp = 0.1, kMeasured = 0.3;
  constexpr size_t kFewest = 5, kMost = 1000;
  double total = 0;
  for (size_t i = 0; i < kMost && total < kWarmUp; ++i) {
    total += run();
  }
  std::vector<double> times;
  for (total = 0; times.size() < kFewest || (times.size() < kMost && total < kMeasured);) {
    times.push_back(run());
    total += times.back();
  }
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

} // namespace cria::check
