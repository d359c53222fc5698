// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The order of steps. Prompts have priority: a request that waits for its first token delays the others by
// one chunk at a time, and afterwards all of them decode together.
#include "runtime/exec/Scheduler.h"

#include <algorithm>
#include <functional>
#include <iterator>

namespace cria {

Scheduler::Scheduler(Model &model) : model_(model), stepper_(model) {
  const ProgramLimits &limits = model.limits();
  maxActive_ = std::min({limits.maxSequences, limits.maxTokens, limits.maxOutputs});
}

void Scheduler::add(std::shared_ptr<ActiveRequest> request) {
  auto isInUse = [&](auto resource) { // a member function of requests that returns a pointer
    auto has = [&](const auto &other) {
      return std::invoke(resource, *other) == std::invoke(resource, *request);
    };
    return std::invoke(resource, *request) != nullptr &&
           (std::ranges::any_of(waiting_, has) || std::ranges::any_of(active_, has));
  };
  const char *inUse = isInUse(&ActiveRequest::sharedSession) ? "session"
                      : isInUse(&ActiveRequest::sampler)     ? "sampler"
                                                             : nullptr;
  if (inUse == nullptr) {
    waiting_.push_back(std::move(request));
    return;
  }
  request->finish(FinishReason::error, invalidArgument("the {0} is in use by an earlier request; use one {0} "
                                                       "per request, or wait until that request ends",
                                                       inUse));
  finished_.push_back(std::move(request));
}

void Scheduler::failAll(const Status &status) {
  {
    std::lock_guard lock(mutex_);
    running_.clear();
  }
  std::ranges::move(waiting_, std::back_inserter(active_));
  waiting_.clear();
  for (const auto &request : active_) {
    if (!request->isDone()) {
      request->finish(FinishReason::error, status);
    }
  }
  collectFinished();
}

void Scheduler::collectFinished() {
  auto isDone = [](const auto &request) { return request->isDone(); };
  std::ranges::copy_if(active_, std::back_inserter(finished_), isDone);
  std::erase_if(active_, isDone);
}

void Scheduler::endCancelled() {
  for (const auto &request : active_) {
    if (request->isCancelled()) {
      request->finish(FinishReason::cancelled);
    }
  }
  collectFinished();
  std::erase_if(waiting_, [this](const auto &request) {
    if (request->isCancelled()) {
      request->finish(FinishReason::cancelled);
      finished_.push_back(request);
    }
    return request->isDone();
  });
}

/// Returns whether the pool has enough free pages for this request and all active ones.
bool Scheduler::hasPagesFor(const ActiveRequest &request) const {
  uint64_t needed = request.remainingPages();
  for (const auto &other : active_) {
    needed += other->remainingPages();
  }
  return needed <= model_.kvPool().numFreePages();
}

void Scheduler::admit() {
  while (!waiting_.empty() && active_.size() < maxActive_) {
    ActiveRequest &next = *waiting_.front();
    next.begin(); // first: the required pages depend on the prefix that its session keeps
    if (next.isActive() && !active_.empty() && !hasPagesFor(next)) {
      return;
    }
    (next.isActive() ? active_ : finished_).push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
}

/// Fills a step with prompt tokens of the active requests, in order. Returns false if no prompt tokens
/// remain.
bool Scheduler::collectPrompts() {
  uint32_t room = model_.limits().maxTokens;
  for (const auto &request : active_) {
    if (room > 0 && request->isInPrompt()) {
      items_.push_back(request->nextItem(room));
      members_.push_back(request.get());
      room -= static_cast<uint32_t>(items_.back().tokens.size());
    }
  }
  return !items_.empty();
}

void Scheduler::collectGenerated() {
  for (const auto &request : active_) {
    items_.push_back(request->nextItem(1));
    members_.push_back(request.get());
  }
}

/// The flag that ends this step early: the one that all members share, or that of interruptStep().
const CancelFlag *Scheduler::stepFlag() const {
  const CancelFlag *flag = members_.front()->cancelFlag();
  bool isShared = std::ranges::all_of(
      members_, [&](const ActiveRequest *member) { return member->cancelFlag() == flag; });
  return flag && isShared ? flag : &interrupt_;
}

void Scheduler::interruptStep() {
  std::lock_guard lock(mutex_);
  if (!running_.empty() && std::ranges::all_of(running_, &ActiveRequest::isCancelled)) {
    interrupt_.set();
  }
}

StatusOr<std::span<const float>> Scheduler::evaluate(Phase phase) {
  {
    std::lock_guard lock(mutex_);
    running_ = members_;
    interrupt_.clear();
  }
  interruptStep(); // a request may have been cancelled before `running_` was set
  StatusOr<std::span<const float>> logits = stepper_.run(phase, items_, stepFlag());
  std::lock_guard lock(mutex_);
  running_.clear();
  return logits;
}

void Scheduler::step(Phase phase) {
  StatusOr<std::span<const float>> logits = evaluate(phase);
  size_t row = 0;
  for (size_t i = 0; i < members_.size(); ++i) {
    if (!logits.ok()) {
      bool cancelled = logits.status().code() == StatusCode::cancelled;
      members_[i]->finish(cancelled ? FinishReason::cancelled : FinishReason::error,
                          cancelled ? Status() : logits.status());
    } else if (items_[i].numOutputs > 0) {
      members_[i]->takeLogits(logits->subspan(row++ * model_.vocabSize(), model_.vocabSize()));
    }
  }
}

void Scheduler::runStep() {
  endCancelled();
  admit();
  if (active_.empty()) {
    return;
  }
  items_.clear();
  members_.clear();
  if (collectPrompts()) {
    step(Phase::prefill);
  } else {
    collectGenerated();
    step(Phase::decode);
  }
  collectFinished();
}

} // namespace cria
