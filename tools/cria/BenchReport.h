// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rows of `cria bench`, as a table and as JSON.
#pragma once

#include "OpenModel.h"
#include "PeakThroughput.h"

#include <optional>
#include <string>
#include <vector>

namespace cria::cli {

/// The kernels of one step of a row.
struct StepKernels {
  double seconds = 0; // of the step, queued many times back to back
  std::vector<ProfileRow> kernels = {};
};

/// One repetition.
struct BenchSample {
  double seconds = 0;
  PeakSample peak = {};                               // the mean of the measurements before and after it
  std::optional<double> queuedSeconds = std::nullopt; // of as many steps, queued back to back
};

struct BenchRow {
  std::string phase;     // "prefill" or "decode"
  uint32_t tokens = 0;   // timed tokens of each sequence
  uint32_t context = 0;  // positions filled before
  uint32_t batch = 1;    // sequences
  double bytes = 0;      // that one repetition reads: weights of each step, and KV
  double operations = 0; // arithmetic operations of one repetition
  PeakOf peakOf = PeakOf::host;
  std::string products = "f32"; // what the limit of the arithmetic multiplies
  std::vector<BenchSample> samples = {};
  std::optional<StepKernels> step = std::nullopt;
};

/// The median. `values` is not empty.
double median(std::vector<double> values);

std::string benchTable(const LoadedModel &opened, const std::vector<BenchRow> &rows);
std::string benchJson(const LoadedModel &opened, uint32_t threads, const std::vector<BenchRow> &rows);

} // namespace cria::cli
