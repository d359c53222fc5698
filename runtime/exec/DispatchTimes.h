// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Describes the dispatches of a step whose times were measured.
#pragma once

#include "runtime/exec/DispatchBytes.h"
#include "runtime/exec/StepTimes.h"

#include <vector>

namespace cria {

/// Returns the dispatches of `step`, a step with these positions. nanoseconds: one for each of its
/// dispatches. The names are borrowed from `program`.
std::vector<DispatchTime> dispatchTimes(const Program &program, const CommandBuffer &step,
                                        const StepPositions &positions,
                                        std::span<const uint64_t> nanoseconds);

} // namespace cria
