// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A step for several sessions. Tokens are appended only after the step succeeds.
#include "runtime/exec/Stepper.h"

#include <algorithm>

namespace cria {

Stepper::Stepper(Model &model) : model_(model) {}

Status Stepper::check(std::span<const StepItem> items) const {
  const ProgramLimits &limits = model_.limits();
  if (items.empty() || items.size() > limits.maxSequences) {
    return invalidArgument("expected 1 to {} sessions in a step, got {}", limits.maxSequences, items.size());
  }
  for (size_t i = 0; i < items.size(); ++i) {
    const StepItem &item = items[i];
    auto isSame = [&](const StepItem &other) { return other.session == item.session; };
    if (&item.session->model() != &model_ || std::any_of(items.begin(), items.begin() + i, isSame)) {
      return invalidArgument("step item {}: expected a session of this model that occurs once", i);
    }
    if (item.tokens.empty() || item.numOutputs > item.tokens.size()) {
      return invalidArgument(
          "step item {}: expected 1 or more tokens and at most as many outputs, got {} tokens and {} outputs",
          i, item.tokens.size(), item.numOutputs);
    }
    if (item.tokens.size() > item.session->room()) {
      return invalidArgument("the context of {} positions is full: expected at most {} tokens, got {}",
                             model_.context(), item.session->room(), item.tokens.size());
    }
  }
  return {};
}

void Stepper::clear() {
  for (std::vector<int32_t> *array :
       {&tokens_, &positions_, &sequences_, &slots_, &sequenceStarts_, &blockTable_, &outputs_}) {
    array->clear();
  }
  sequenceStarts_.push_back(0);
}

void Stepper::append(const StepItem &item, int32_t sequence) {
  const KvSequence &kv = item.session->kv_;
  uint32_t start = item.session->length();
  for (uint32_t i = 0; i < item.tokens.size(); ++i) {
    positions_.push_back(static_cast<int32_t>(start + i));
    sequences_.push_back(sequence);
    slots_.push_back(kv.slot(start + i));
  }
  tokens_.insert(tokens_.end(), item.tokens.begin(), item.tokens.end());
  int32_t end = static_cast<int32_t>(tokens_.size());
  sequenceStarts_.push_back(end);
  for (int32_t row = end - static_cast<int32_t>(item.numOutputs); row < end; ++row) {
    outputs_.push_back(row);
  }
  blockTable_.insert(blockTable_.end(), kv.pages().begin(), kv.pages().end());
  blockTable_.resize(size_t(sequence + 1) * model_.limits().maxPagesPerSequence, -1);
}

Batch Stepper::batch(Phase phase) const {
  return {.phase = phase,
          .tokens = tokens_,
          .positions = positions_,
          .sequences = sequences_,
          .slots = slots_,
          .sequenceStarts = sequenceStarts_,
          .blockTable = blockTable_,
          .outputs = outputs_};
}

StatusOr<std::span<const float>> Stepper::tryRun(Phase phase, std::span<const StepItem> items,
                                                 const CancelFlag *cancel) {
  clear();
  for (size_t i = 0; i < items.size(); ++i) {
    CRIA_RETURN_IF_ERROR(items[i].session->kv_.reserve(static_cast<uint32_t>(items[i].tokens.size())));
    append(items[i], static_cast<int32_t>(i));
  }
  return model_.forward(batch(phase), cancel);
}

StatusOr<std::span<const float>> Stepper::run(Phase phase, std::span<const StepItem> items,
                                              const CancelFlag *cancel) {
  CRIA_RETURN_IF_ERROR(check(items));
  StatusOr<std::span<const float>> logits = tryRun(phase, items, cancel);
  for (const StepItem &item : items) {
    Session &session = *item.session;
    if (logits.ok()) {
      session.tokens_.insert(session.tokens_.end(), item.tokens.begin(), item.tokens.end());
      session.kv_.commit(session.length());
    } else {
      session.kv_.truncate(session.length());
    }
  }
  return logits;
}

} // namespace cria
