// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A batch, checked and laid out as the program's step buffer.
#pragma once

#include "format/Program.h"
#include "runtime/exec/Batch.h"

namespace cria {

/// What a batch is checked against.
struct BatchLimits {
  ProgramLimits program;
  uint32_t vocabSize = 0;
  uint32_t pageTokens = 0;
  uint32_t numPages = 0;
};

/// Ok, or INVALID_ARGUMENT naming the array, the row, what was expected and what was found. Allocates only on
/// error.
Status checkBatch(const Batch &batch, const BatchLimits &limits);

/// The step buffer's bytes on the host, reused from step to step.
class StepInput {
public:
  StepInput(const StepLayout &layout, const ProgramLimits &limits);

  /// Lays out a checked batch with `numTokens` >= T rows, the further ones being padding.
  void write(const Batch &batch, uint32_t numTokens);
  std::span<const int32_t> words() const { return words_; }

private:
  int32_t *field(StepFieldKind kind) { return words_.data() + layout_[kind].offset / sizeof(int32_t); }
  void writeArray(StepFieldKind kind, std::span<const int32_t> values, uint32_t count, int32_t padding);
  void writeSequences(const Batch &batch);

  StepLayout layout_;
  ProgramLimits limits_;
  std::vector<int32_t> words_;
  uint32_t numSequences_ = 0; // of the last batch
};

} // namespace cria
