// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One step's input: a ragged batch of rows of several sequences, the forward contract between the compiled
// program and its caller. Stepper.h builds batches from sessions; few callers fill one by hand.
#pragma once

#include <cstdint>
#include <span>

namespace cria {

/// Prompt tokens run through `prefill` whatever their number, generated ones through `decode` or `small`.
enum class Phase : uint8_t { prefill, decode };

/// T rows, S sequences, R rows of logits. All arrays are borrowed for the call.
struct Batch {
  Phase phase = Phase::prefill;
  std::span<const int32_t> tokens; // [T] ids; the rows of a sequence lie together, positions ascending by one
  std::span<const int32_t> positions; // [T] position of each row in its sequence
  std::span<const int32_t> sequences; // [T] row of the block table; -1: padding (only behind all sequences)
  std::span<const int32_t> slots;     // [T] page * pageTokens + position % pageTokens; -1 with padding
  std::span<const int32_t> sequenceStarts; // [S+1] first row of each sequence, then the end of the last one
  std::span<const int32_t> blockTable;     // [S, maxPagesPerSequence] pages; -1: absent
  std::span<const int32_t> outputs;        // [R] rows that get logits, ascending; may be empty
};

} // namespace cria
