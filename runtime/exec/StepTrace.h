// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// StepTrace: writes the steps of a model, their kernels and the work of the host to a file that viewers of
// timelines open (support/TraceEventFile.h).
#pragma once

#include "runtime/exec/StepTimes.h"
#include "support/TraceEventFile.h"

#include <memory>

namespace cria {

class Model;

/// The tracks of the file:
///  1. steps: one event for each step.
///  2. kernels: the dispatches of each step, from the start of its replay one after the other. A backend
///     measures how long a dispatch takes, not when it begins; what does not fit the step is cut off.
///  3. host: `prepare step`, `wait for step`, `write trace`, and what callers add.
/// Not thread-safe; callers serialize.
class StepTrace {
public:
  using Clock = std::chrono::steady_clock;

  /// The times in the file are those since `origin`. Errors: those of TraceEventFile::create().
  static StatusOr<std::unique_ptr<StepTrace>> create(const std::string &path, const Model &model,
                                                     Clock::time_point origin);

  /// The observer for Model::observeSteps(). The trace outlives it.
  StepObserver observer();
  /// Adds work of the host. REQUIRES: origin <= start <= end, and not before the end of earlier work.
  void addHostWork(std::string_view name, Clock::time_point start, Clock::time_point end);
  /// Adds the time since the end of the last work of the host.
  void addHostWorkUntilNow(std::string_view name) { addHostWork(name, hostEnd_, Clock::now()); }
  /// Call it once, last. Errors: io, also of earlier calls.
  Status finish() { return file_.finish(); }

private:
  StepTrace(TraceEventFile file, Clock::time_point origin)
      : file_(std::move(file)), origin_(origin), hostEnd_(origin) {}
  void add(const StepTimes &step);
  void addKernels(const StepTimes &step);
  uint64_t sinceOrigin(Clock::time_point time) const;

  TraceEventFile file_;
  Clock::time_point origin_;
  Clock::time_point hostEnd_; // of the last work of the host
};

/// Adds the work of its lifetime to a trace.
class HostWork {
public:
  /// trace (may be null, and then nothing is done) and name outlive the object.
  HostWork(StepTrace *trace, std::string_view name) : trace_(trace), name_(name) {
    if (trace_ != nullptr) {
      start_ = StepTrace::Clock::now();
    }
  }
  ~HostWork() {
    if (trace_ != nullptr) {
      trace_->addHostWork(name_, start_, StepTrace::Clock::now());
    }
  }
  HostWork(const HostWork &) = delete;
  HostWork &operator=(const HostWork &) = delete;

private:
  StepTrace *trace_;
  std::string_view name_;
  StepTrace::Clock::time_point start_;
};

} // namespace cria
