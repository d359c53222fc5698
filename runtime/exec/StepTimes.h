// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The times of one step and of its dispatches, as Model::observeSteps() passes them.
// Public: included by runtime/cria.h.
#pragma once

#include "runtime/exec/Batch.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>

namespace cria {

/// One dispatch of a step.
struct DispatchTime {
  std::string_view kernel; // kernel or op
  uint32_t index = 0;      // in the dispatches of the entry point
  /// The layer of its weights. A dispatch between two of layers that has no weights of a layer belongs to
  /// that of the one before it. None: before or after all layers, such as the output linear.
  std::optional<uint32_t> layer = std::nullopt;
  std::array<uint32_t, 3> grid = {}; // workgroups
  uint64_t nanoseconds = 0;
  uint64_t bytesRead = 0; // see ProfileRow
  uint64_t bytesWritten = 0;
};

/// One step that has succeeded. start <= replayStart <= end.
struct StepTimes {
  using TimePoint = std::chrono::steady_clock::time_point;

  std::string_view entry;
  Phase phase = Phase::prefill;
  uint32_t numTokens = 0; // T of the batch
  uint32_t numRows = 0;   // T with padding rows
  uint32_t numOutputs = 0;
  uint32_t numSequences = 0;
  uint64_t numPositions = 0; // of all sequences, those of the step included
  TimePoint start;
  TimePoint replayStart; // the command buffer exists and the inputs are queued
  TimePoint end;         // the logits are on the host
  /// In order; borrowed for the call. Empty unless profiling is enabled.
  std::span<const DispatchTime> dispatches = {};
};

using StepObserver = std::function<void(const StepTimes &)>;

} // namespace cria
