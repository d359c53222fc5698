// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What subcommands that run steps share to show where the time goes: a profile of the kernels and a trace of
// the steps.
#pragma once

#include "OpenModel.h"
#include "runtime/exec/StepTrace.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

namespace cria::cli {

struct TimingOptions {
  bool profile = false;    // print a table
  std::string profileFile; // empty: none
  std::string traceFile;   // empty: none

  /// Whether the times of kernels are measured, on a device by launching them one by one.
  bool timesKernels() const { return profile || !profileFile.empty() || !traceFile.empty(); }
};

/// Adds --profile, --profile-json and --trace. Returns them.
std::vector<CLI::Option *> addTimingOptions(CLI::App &command, TimingOptions &options);

/// The profile and the trace of a command, as the options demand them. Not thread-safe; callers serialize.
class Timing {
public:
  /// Creates the trace, so that an interrupt should already be handled, and begins to profile. `options` and
  /// `opened` outlive the object. Errors: io; unsupported if the backend does not measure times.
  static StatusOr<Timing> start(const TimingOptions &options, const OpenedModel &opened);
  Timing(Timing &&) = default;
  ~Timing();

  /// Null without --trace.
  StepTrace *trace() const { return trace_.get(); }
  /// Adds work of the host to the trace, if there is one: see StepTrace::addHostWork().
  void addHostWork(std::string_view name, StepTrace::Clock::time_point start,
                   StepTrace::Clock::time_point end);
  /// Writes what was measured, also of a command that failed or was interrupted. Returns the result of the
  /// command, or, if that is no error, the first error of writing. Call it once, after the last step.
  StatusOr<int> finish(StatusOr<int> result);

private:
  Timing(const TimingOptions &options, const LoadedModel &opened) : options_(&options), opened_(&opened) {}
  Status write() const;

  const TimingOptions *options_;
  const LoadedModel *opened_;
  std::unique_ptr<StepTrace> trace_;
};

} // namespace cria::cli
