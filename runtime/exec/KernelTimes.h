// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The times of the kernels of a step, each replayed alone.
#pragma once

#include "runtime/exec/DispatchBytes.h"
#include "runtime/exec/Model.h"

namespace cria {

/// Times each kernel of `step`: see Model::timeKernels(). Leaves arena, result and the positions of the step
/// undefined. Errors: the backend's.
StatusOr<std::vector<ProfileRow>> timeKernels(const CommandBuffers &commandBuffers, Device &device,
                                              const Program &program, const CommandBuffer &step,
                                              const StepPositions &positions, uint32_t count);

} // namespace cria
