// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The check of a batch, and StepInput: the contents of the step buffer.
#pragma once

#include "format/Program.h"
#include "runtime/exec/Batch.h"

namespace cria {

/// The values that a batch is checked against.
struct BatchLimits {
  ProgramLimits program;
  uint32_t vocabSize = 0;
  uint32_t pageTokens = 0;
  uint32_t numPages = 0;
};

/// Errors: invalidArgument naming the array, the row, the expected and the found value. Allocates only on
/// error.
Status checkBatch(const Batch &batch, const BatchLimits &limits);

/// The bytes of the step buffer in host memory, reused from step to step. Not thread-safe; callers
/// serialize.
class StepInput {
public:
  StepInput(const StepLayout &layout, const ProgramLimits &limits);

  /// Writes a checked batch as `numTokens` >= T rows, where the rows from T on are padding.
  void write(const Batch &batch, uint32_t numTokens);
  std::span<const int32_t> words() const { return words_; }

private:
  int32_t *field(StepFieldKind kind) {
    const uint64_t firstWord = layout_[kind].offset / sizeof(int32_t);
    return words_.data() + firstWord;
  }
  void writeArray(StepFieldKind kind, std::span<const int32_t> values, uint32_t count, int32_t padding);
  void writeSequences(const Batch &batch);

  StepLayout layout_;
  ProgramLimits limits_;
  std::vector<int32_t> words_;
  uint32_t numSequences_ = 0; // of the last batch
};

} // namespace cria
