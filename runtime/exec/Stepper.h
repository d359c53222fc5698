// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Stepper: runs one step for several sessions. It reserves KV pages, builds the batch, runs it and appends
// the tokens.
// Public: included by runtime/cria.h.
#pragma once

#include "runtime/exec/Session.h"

namespace cria {

/// Tokens to append to one session. Logits are computed for the last `numOutputs` of them.
struct StepItem {
  Session *session = nullptr;
  std::span<const int32_t> tokens; // at least one
  uint32_t numOutputs = 1;         // 0 to tokens.size()
};

/// Not thread-safe; callers serialize the use of the model, which outlives the stepper. Keeps its buffers
/// from step to step.
class Stepper {
public:
  explicit Stepper(Model &model);

  /// Runs one step for up to maxSequences different sessions and maxTokens tokens in total. Returns the
  /// logits in the order of items: f32 [sum of numOutputs, vocabSize], host, valid until the next step of
  /// the model. On an error all sessions are unchanged. Errors: invalidArgument (also if a context is
  /// full); outOfMemory if no KV page is free; cancelled; the backend's.
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
