// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The bytes of global memory that dispatches of a step read and write, as the program describes its operands.
#pragma once

#include "runtime/exec/Batch.h"
#include "runtime/exec/CommandBuffers.h"

#include <vector>

namespace cria {

/// What the batch of a step states and its program does not.
struct StepPositions {
  uint64_t sequences = 0;
  uint64_t cached = 0;            // positions of all sequences, those of the step included
  std::vector<uint64_t> attended; // positions that each row of a sequence attends to

  /// Keeps the memory for the next step. REQUIRES: the batch is checked.
  void set(const Batch &batch);
};

/// The bytes of a dispatch.
struct DispatchBytes {
  uint64_t read = 0, written = 0;
};

/// Returns the bytes that one dispatch reads and writes in global memory if it reads each operand once and
/// writes each result once. Of the KV cache, a dispatch reads the positions of the step's sequences and
/// writes those of its rows. Of a look-up table (`table`) it reads one row for each of its results, and of
/// results by segments of the context (`partial`: [rows, heads, segments, ...]) those of segments that its
/// rows have. A segment has the smallest power of two of positions with which the segments cover the context.
DispatchBytes bytesOf(const Program &program, const CommandBuffer &step, const StepPositions &positions,
                      const ProgramDispatch &dispatch);

} // namespace cria
