// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs a step for several sessions at once: reserves KV, builds the batch, runs it, and records the tokens.
#pragma once

#include "runtime/exec/Session.h"

namespace cria {

/// Tokens to append to one session, and for how many of them, counted from the last, logits are wanted.
struct StepItem {
  Session *session = nullptr;
  std::span<const int32_t> tokens; // at least one
  uint32_t numOutputs = 1;         // 0 to tokens.size()
};

/// Threads: those of the model. The buffers of a batch are kept from step to step.
class Stepper {
public:
  explicit Stepper(Model &model);

  /// One step for up to maxSequences different sessions and maxTokens tokens in all. Returns the logits f32
  /// [sum of numOutputs, vocabSize] in the order of items, valid until the model's next step. All items are
  /// done, or none: on an error every session is as before. Errors: INVALID_ARGUMENT (also when a context is
  /// full), OUT_OF_MEMORY when no KV page is left, CANCELLED, and the backend's.
  StatusOr<std::span<const float>> run(Phase phase, std::span<const StepItem> items,
                                       const CancelFlag *cancel = nullptr);

private:
  Status check(std::span<const StepItem> items) const;
  StatusOr<std::span<const float>> tryRun(Phase phase, std::span<const StepItem> items,
                                          const CancelFlag *cancel);
  void clear();
  void append(const StepItem &item, int32_t sequence);
  Batch batch(Phase phase) const;

  Model &model_;
  std::vector<int32_t> tokens_, positions_, sequences_, slots_, sequenceStarts_, blockTable_, outputs_;
};

} // namespace cria
