// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Scheduler: chooses the tokens of each step. It admits waiting requests in order, runs prompts in chunks,
// and then one token of every active request.
#pragma once

#include "runtime/exec/ActiveRequest.h"

#include <deque>
#include <mutex>
#include <utility>

namespace cria {

/// Not thread-safe, except for interruptStep().
class Scheduler {
public:
  /// The model outlives the scheduler.
  explicit Scheduler(Model &model);

  /// Adds a request to the waiting ones. Ends it immediately if an earlier request still uses its session or
  /// its sampler.
  void add(std::shared_ptr<ActiveRequest> request);
  bool isIdle() const { return waiting_.empty() && active_.empty(); }

  /// Ends cancelled requests, admits waiting ones, and runs one step if any request is active.
  void runStep();
  /// Ends all requests with an error.
  void failAll(const Status &status);
  /// Returns the requests that have ended since the last call.
  std::vector<std::shared_ptr<ActiveRequest>> takeFinished() { return std::exchange(finished_, {}); }

  /// Thread-safe. Ends the running step early if all requests in it are cancelled.
  void interruptStep();

private:
  using Requests = std::vector<std::shared_ptr<ActiveRequest>>;

  void endCancelled();
  void admit();
  void collectFinished();
  bool hasPagesFor(const ActiveRequest &request) const;
  bool collectPrompts();
  void collectGenerated();
  void step(Phase phase);
  StatusOr<std::span<const float>> evaluate(Phase phase);
  const CancelFlag *stepFlag() const;

  Model &model_;
  Stepper stepper_;
  size_t maxActive_;
  std::deque<std::shared_ptr<ActiveRequest>> waiting_;
  Requests active_;
  Requests finished_;
  // The next step.
  std::vector<ActiveRequest *> members_;
  std::vector<StepItem> items_;
  // The running step.
  std::mutex mutex_;
  std::vector<ActiveRequest *> running_; // guarded by mutex_
  CancelFlag interrupt_;
};

} // namespace cria
