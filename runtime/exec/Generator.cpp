// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The loop over steps: admit waiting requests, run prompts in chunks, then one token for everybody.
#include "runtime/exec/Generator.h"

#include "runtime/exec/RequestRun.h"

#include <algorithm>

namespace cria {

std::string_view finishReasonName(FinishReason reason) {
  static constexpr std::string_view kNames[] = {"none",    "eos",       "stop", "length",
                                                "context", "cancelled", "error"};
  return kNames[static_cast<size_t>(reason)];
}

namespace {
class Loop {
public:
  Loop(Model &model, Stepper &stepper, std::vector<std::unique_ptr<RequestRun>> &runs,
       const CancelFlag *cancel)
      : model_(model), stepper_(stepper), runs_(runs), cancel_(cancel) {
    const ProgramLimits &limits = model.limits();
    mostActive_ = std::min({limits.maxSequences, limits.maxTokens, limits.maxOutputs});
  }
  void run();

private:
  void admit();
  bool hasPagesFor(const RequestRun &run) const;
  bool collectPrompts();
  void collectGenerated();
  void step(Phase phase);
  void cancelAll();

  Model &model_;
  Stepper &stepper_;
  std::vector<std::unique_ptr<RequestRun>> &runs_;
  const CancelFlag *cancel_;
  size_t mostActive_;
  size_t numAdmitted_ = 0;
  std::vector<RequestRun *> active_;
  // Of the next step.
  std::vector<RequestRun *> members_;
  std::vector<StepItem> items_;
};

/// Whether the pool holds what this request and all active ones may still take.
bool Loop::hasPagesFor(const RequestRun &run) const {
  uint64_t needed = run.pagesToCome();
  for (const RequestRun *other : active_) {
    needed += other->pagesToCome();
  }
  return needed <= model_.kvPool().numFreePages();
}

void Loop::admit() {
  std::erase_if(active_, [](const RequestRun *run) { return run->isDone(); });
  while (numAdmitted_ < runs_.size() && active_.size() < mostActive_) {
    RequestRun &next = *runs_[numAdmitted_];
    next.begin(); // first: what its session gives back and keeps decides what it still needs
    if (next.isActive() && !active_.empty() && !hasPagesFor(next)) {
      return;
    }
    ++numAdmitted_;
    if (next.isActive()) {
      active_.push_back(&next);
    }
  }
}

/// Fills a step with prompt tokens of the active requests, in order. False when all prompts are done.
bool Loop::collectPrompts() {
  uint32_t room = model_.limits().maxTokens;
  for (RequestRun *run : active_) {
    if (room > 0 && run->isInPrompt()) {
      items_.push_back(run->nextItem(room));
      members_.push_back(run);
      room -= static_cast<uint32_t>(items_.back().tokens.size());
    }
  }
  return !items_.empty();
}

void Loop::collectGenerated() {
  for (RequestRun *run : active_) {
    items_.push_back(run->nextItem(1));
    members_.push_back(run);
  }
}

void Loop::step(Phase phase) {
  StatusOr<std::span<const float>> logits = stepper_.run(phase, items_, cancel_);
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

void Loop::cancelAll() {
  for (const auto &run : runs_) {
    if (!run->isDone()) {
      run->finish(FinishReason::cancelled);
    }
  }
}

void Loop::run() {
  while (true) {
    if (cancel_ && cancel_->isSet()) {
      return cancelAll();
    }
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
  }
}

/// Ends requests that share a session with an earlier one.
void refuseSharedSessions(std::span<const GenerateRequest> requests,
                          std::vector<std::unique_ptr<RequestRun>> &runs) {
  for (size_t i = 0; i < requests.size(); ++i) {
    for (size_t j = 0; j < i && requests[i].session; ++j) {
      if (requests[i].session == requests[j].session) {
        runs[i]->finish(FinishReason::error, invalidArgument("requests {} and {} share a session", j, i));
      }
    }
  }
}
} // namespace

Generator::Generator(Model &model, const Tokenizer *tokenizer)
    : model_(model), tokenizer_(tokenizer), stepper_(model) {}

std::vector<GenerateResult> Generator::generate(std::span<const GenerateRequest> requests,
                                                const GenerateCallback &callback, const CancelFlag *cancel) {
  auto start = std::chrono::steady_clock::now();
  std::vector<std::unique_ptr<RequestRun>> runs;
  for (size_t i = 0; i < requests.size(); ++i) {
    runs.push_back(std::make_unique<RequestRun>(i, requests[i], model_, tokenizer_, callback, start));
  }
  refuseSharedSessions(requests, runs);
  Loop(model_, stepper_, runs, cancel).run();
  std::vector<GenerateResult> results;
  for (const auto &run : runs) {
    results.push_back(run->takeResult());
  }
  return results;
}

Status Generator::check(const GenerateRequest &request) const {
  return checkRequest(request, model_, tokenizer_);
}

GenerateResult Generator::generate(const GenerateRequest &request, const GenerateCallback &callback,
                                   const CancelFlag *cancel) {
  return std::move(generate({&request, 1}, callback, cancel)[0]);
}

} // namespace cria
