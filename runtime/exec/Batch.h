// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The input of one step: a ragged batch of rows of several sequences. It is the contract between a compiled
// program and its caller. Stepper builds batches from sessions; few callers fill one themselves.
// Public: included by runtime/cria.h.
#pragma once

#include <cstdint>
#include <span>

namespace cria {

/// Whether the tokens belong to prompts or are generated. Generated tokens run in the entry point `decode`
/// (one row) or `small` (a few rows); all others run in `prefill`.
enum class Phase : uint8_t { prefill, decode };

/// T rows, one for each token, S sequences and R rows of logits. All arrays are borrowed for the call.
struct Batch {
  Phase phase = Phase::prefill;
  std::span<const int32_t> tokens;    // [T] ids; rows of a sequence are adjacent, positions ascending by one
  std::span<const int32_t> positions; // [T] position of each row in its sequence
  std::span<const int32_t> sequences; // [T] row of the block table; -1: padding, after all sequences
  std::span<const int32_t> slots;     // [T] page * pageTokens + position % pageTokens; -1: padding
  std::span<const int32_t> sequenceStarts; // [S+1] first row of each sequence, then the end of the last
  std::span<const int32_t> blockTable;     // [S, maxPagesPerSequence] pages; -1: none
  std::span<const int32_t> outputs;        // [R] rows that get logits, ascending; may be empty
};

} // namespace cria
