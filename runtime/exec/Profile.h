// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Profile: the sums of the times of dispatches, by entry point and kernel.
#pragma once

#include "runtime/exec/DispatchBytes.h"
#include "runtime/exec/Model.h"

#include <map>

namespace cria {

class Profile {
public:
  explicit Profile(const Program &program) : program_(program) {}

  void clear() { rows_.clear(); }
  /// Adds the times of the last replay of `commandBuffer`, a step with these positions. Errors: the
  /// backend's.
  Status add(const CommandBuffer &commandBuffer, const StepPositions &positions, Device &device);
  /// Of the step that was added last, for each of its dispatches.
  std::span<const uint64_t> nanoseconds() const { return nanoseconds_; }
  /// In descending order of time.
  std::vector<ProfileRow> rows() const;

private:
  const Program &program_;
  std::map<std::pair<const ProgramEntry *, uint32_t>, ProfileRow> rows_; // by entry and kernel
  std::vector<uint64_t> nanoseconds_;
};

} // namespace cria
