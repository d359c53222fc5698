// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Measures the rows of `cria bench`.
#pragma once

#include "BenchReport.h"
#include "StepCost.h"
#include "runtime/exec/Stepper.h"

#include <functional>

namespace cria::cli {

/// Not thread-safe.
class BenchRun {
public:
  struct Options {
    uint32_t repetitions = 5;
    bool measuresHostGap = false; // of decode rows
    bool timesKernels = false;    // of one step of each row
  };

  /// All arguments are borrowed and outlive the object. cancel may be null.
  BenchRun(Model &model, PeakThroughput &peak, const Options &options, const CancelFlag *cancel)
      : model_(model), peak_(peak), options_(options), cancel_(cancel), cost_(model), stepper_(model) {}

  StatusOr<BenchRow> prefill(uint32_t tokens, uint32_t depth, uint32_t batch);
  StatusOr<BenchRow> decode(uint32_t tokens, uint32_t depth, uint32_t batch);

private:
  using Sessions = std::vector<Session>;
  /// What one repetition runs. `measureMore` then adds further figures to its sample. `runToStep` ends with
  /// the step whose kernels are timed.
  struct Work {
    std::function<Status(Sessions &)> run;
    std::function<Status(Sessions &)> runToStep;
    std::function<Status(Sessions &, BenchSample &)> measureMore; // (optional)
  };

  Status prefillTogether(Sessions &sessions, std::span<const int32_t> ids);
  Status decodeTogether(Sessions &sessions, std::span<const int32_t> ids);
  Status measureQueuedSteps(uint32_t steps, BenchSample &sample);
  StatusOr<Sessions> makeSessions(const BenchRow &row);
  StatusOr<BenchSample> repeat(const BenchRow &row, const Work &work, Sessions &sessions);
  StatusOr<StepKernels> timeKernels(const Work &work, Sessions &sessions);
  Status measure(BenchRow &row, const Work &work);

  Model &model_;
  PeakThroughput &peak_;
  Options options_;
  const CancelFlag *cancel_;
  StepCost cost_;
  Stepper stepper_;
};

} // namespace cria::cli
