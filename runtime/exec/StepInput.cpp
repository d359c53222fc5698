// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The check ensures that kernels read no invalid index: ids, positions, pages, slots and rows are in range.
#include "runtime/exec/StepInput.h"

#include <algorithm>

namespace cria {

namespace {
Status checkSizes(const Batch &batch, const ProgramLimits &limits) {
  size_t numTokens = batch.tokens.size();
  if (numTokens == 0 || numTokens > limits.maxTokens) {
    return invalidArgument("batch: expected 1 to {} tokens, got {}", limits.maxTokens, numTokens);
  }
  if (batch.positions.size() != numTokens || batch.sequences.size() != numTokens ||
      batch.slots.size() != numTokens) {
    return invalidArgument("batch: expected {} positions, sequences and slots, got {}, {} and {}", numTokens,
                           batch.positions.size(), batch.sequences.size(), batch.slots.size());
  }
  if (batch.sequenceStarts.empty() || batch.sequenceStarts.size() - 1 > limits.maxSequences) {
    return invalidArgument("batch: expected 1 to {} sequence starts, got {}",
                           uint64_t(limits.maxSequences) + 1, batch.sequenceStarts.size());
  }
  size_t numSequences = batch.sequenceStarts.size() - 1;
  if (batch.blockTable.size() != numSequences * limits.maxPagesPerSequence) {
    return invalidArgument("batch: expected a block table of shape [{}, {}], got {} elements", numSequences,
                           limits.maxPagesPerSequence, batch.blockTable.size());
  }
  if (batch.outputs.size() > limits.maxOutputs) {
    return invalidArgument("batch: expected at most {} outputs, got {}", limits.maxOutputs,
                           batch.outputs.size());
  }
  return {};
}

Status checkStarts(const Batch &batch) {
  int32_t numTokens = static_cast<int32_t>(batch.tokens.size());
  int32_t last = 0;
  for (size_t s = 0; s < batch.sequenceStarts.size(); ++s) {
    int32_t start = batch.sequenceStarts[s];
    if (start < last || start > numTokens || (s == 0 && start != 0)) {
      return invalidArgument(
          "batch: expected ascending sequence_starts from 0 to at most {}, got {} at index {}", numTokens,
          start, s);
    }
    last = start;
  }
  return {};
}

Status checkOutputs(const Batch &batch) {
  int32_t last = -1;
  for (size_t i = 0; i < batch.outputs.size(); ++i) {
    int32_t row = batch.outputs[i];
    if (row <= last || row >= batch.sequenceStarts.back()) {
      return invalidArgument(
          "batch: expected ascending outputs below {}, the number of rows, got {} at index {}",
          batch.sequenceStarts.back(), row, i);
    }
    last = row;
  }
  return {};
}

class RowChecker {
public:
  RowChecker(const Batch &batch, const BatchLimits &limits) : batch_(batch), limits_(limits) {}

  Status check() const {
    size_t numSequences = batch_.sequenceStarts.size() - 1;
    for (size_t s = 0; s < numSequences; ++s) {
      CRIA_RETURN_IF_ERROR(checkSequence(static_cast<int32_t>(s)));
    }
    for (size_t row = static_cast<size_t>(batch_.sequenceStarts.back()); row < batch_.tokens.size(); ++row) {
      CRIA_RETURN_IF_ERROR(checkPadding(row));
    }
    return {};
  }

private:
  Status checkSequence(int32_t sequence) const;
  Status checkPages(int32_t sequence, int32_t lastPosition) const;
  Status checkPadding(size_t row) const;
  Status checkToken(size_t row) const;
  int32_t page(int32_t sequence, int32_t position) const {
    size_t width = limits_.program.maxPagesPerSequence;
    return batch_.blockTable[static_cast<size_t>(sequence) * width +
                             static_cast<size_t>(position) / limits_.pageTokens];
  }

  const Batch &batch_;
  const BatchLimits &limits_;
};

Status RowChecker::checkToken(size_t row) const {
  if (batch_.tokens[row] < 0 || static_cast<uint32_t>(batch_.tokens[row]) >= limits_.vocabSize) {
    return invalidArgument("batch: row {}: expected a token id from 0 to {}, got {}", row,
                           limits_.vocabSize - 1, batch_.tokens[row]);
  }
  return {};
}

Status RowChecker::checkSequence(int32_t sequence) const {
  size_t begin = static_cast<size_t>(batch_.sequenceStarts[sequence]);
  size_t end = static_cast<size_t>(batch_.sequenceStarts[sequence + 1]);
  for (size_t row = begin; row < end; ++row) {
    CRIA_RETURN_IF_ERROR(checkToken(row));
    if (batch_.sequences[row] != sequence) {
      return invalidArgument("batch: row {}: expected sequence {}, got {}", row, sequence,
                             batch_.sequences[row]);
    }
    int32_t position = batch_.positions[row];
    bool inContext = position >= 0 && static_cast<uint32_t>(position) < limits_.program.context;
    if (!inContext || (row > begin && position != batch_.positions[row - 1] + 1)) {
      return invalidArgument(
          "batch: row {}: expected a position below {} that follows the previous one, got {}", row,
          limits_.program.context, position);
    }
  }
  if (begin == end) {
    return {};
  }
  CRIA_RETURN_IF_ERROR(checkPages(sequence, batch_.positions[end - 1]));
  for (size_t row = begin; row < end; ++row) {
    int32_t pageTokens = static_cast<int32_t>(limits_.pageTokens), position = batch_.positions[row];
    int32_t expected = page(sequence, position) * pageTokens + position % pageTokens;
    if (batch_.slots[row] != expected) {
      return invalidArgument("batch: row {}: expected slot {} for position {}, got {}", row, expected,
                             position, batch_.slots[row]);
    }
  }
  return {};
}

/// Checks that every page up to the last position is a page of the pool.
Status RowChecker::checkPages(int32_t sequence, int32_t lastPosition) const {
  int32_t pageTokens = static_cast<int32_t>(limits_.pageTokens);
  for (int32_t position = 0; position <= lastPosition; position += pageTokens) {
    int32_t found = page(sequence, position);
    if (found < 0 || static_cast<uint32_t>(found) >= limits_.numPages) {
      return invalidArgument("batch: sequence {}: expected a page from 0 to {} for position {}, got {}",
                             sequence, limits_.numPages - 1, position, found);
    }
  }
  return {};
}

Status RowChecker::checkPadding(size_t row) const {
  CRIA_RETURN_IF_ERROR(checkToken(row));
  if (batch_.sequences[row] != -1 || batch_.slots[row] != -1) {
    return invalidArgument(
        "batch: row {}: expected sequence -1 and slot -1 after the last sequence, got {} and {}", row,
        batch_.sequences[row], batch_.slots[row]);
  }
  return {};
}
} // namespace

Status checkBatch(const Batch &batch, const BatchLimits &limits) {
  CRIA_RETURN_IF_ERROR(checkSizes(batch, limits.program));
  CRIA_RETURN_IF_ERROR(checkStarts(batch));
  CRIA_RETURN_IF_ERROR(checkOutputs(batch));
  return RowChecker(batch, limits).check();
}

StepInput::StepInput(const StepLayout &layout, const ProgramLimits &limits)
    : layout_(layout), limits_(limits), words_((layout.size + sizeof(int32_t) - 1) / sizeof(int32_t)) {
  int32_t *blockTable = field(StepFieldKind::blockTable);
  std::fill_n(blockTable, layout_[StepFieldKind::blockTable].length, -1);
}

void StepInput::writeArray(StepFieldKind kind, std::span<const int32_t> values, uint32_t count,
                           int32_t padding) {
  int32_t *end = std::copy(values.begin(), values.end(), field(kind));
  std::fill(end, field(kind) + count, padding);
}

/// Unused rows of the block table have no pages, and unused sequences are empty.
void StepInput::writeSequences(const Batch &batch) {
  uint32_t numSequences = static_cast<uint32_t>(batch.sequenceStarts.size()) - 1;
  writeArray(StepFieldKind::sequenceStarts, batch.sequenceStarts, limits_.maxSequences + 1,
             batch.sequenceStarts.back());
  uint32_t rows = std::max(numSequences, numSequences_);
  writeArray(StepFieldKind::blockTable, batch.blockTable, rows * limits_.maxPagesPerSequence, -1);
  numSequences_ = numSequences;
}

void StepInput::write(const Batch &batch, uint32_t numTokens) {
  *field(StepFieldKind::numTokens) = static_cast<int32_t>(numTokens);
  *field(StepFieldKind::numOutputs) = static_cast<int32_t>(batch.outputs.size());
  *field(StepFieldKind::numSequences) = static_cast<int32_t>(batch.sequenceStarts.size()) - 1;
  writeArray(StepFieldKind::tokens, batch.tokens, numTokens, 0);
  writeArray(StepFieldKind::positions, batch.positions, numTokens, 0);
  writeArray(StepFieldKind::sequences, batch.sequences, numTokens, -1);
  writeArray(StepFieldKind::slots, batch.slots, numTokens, -1);
  writeArray(StepFieldKind::outputs, batch.outputs, static_cast<uint32_t>(batch.outputs.size()), 0);
  writeSequences(batch);
}

} // namespace cria
