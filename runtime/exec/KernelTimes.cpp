// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/exec/KernelTimes.h"

#include <algorithm>
#include <chrono>

namespace cria {

/// The kernels of a command buffer, in the order of their first dispatches.
static std::vector<uint32_t> kernelsOf(const CommandBuffer &step) {
  std::vector<uint32_t> kernels;
  for (uint32_t dispatch : step.dispatches) {
    uint32_t kernel = step.entry->dispatches[dispatch].kernel;
    if (std::find(kernels.begin(), kernels.end(), kernel) == kernels.end()) {
      kernels.push_back(kernel);
    }
  }
  return kernels;
}

/// Returns the nanoseconds of one of `count` replays, after one that warms up.
static StatusOr<uint64_t> timeReplays(Device &device, const DeviceCommandBuffer &commandBuffer,
                                      uint32_t count) {
  CRIA_RETURN_IF_ERROR(device.repeat(commandBuffer, 1));
  const auto start = std::chrono::steady_clock::now();
  CRIA_RETURN_IF_ERROR(device.repeat(commandBuffer, count));
  const std::chrono::nanoseconds time = std::chrono::steady_clock::now() - start;
  return static_cast<uint64_t>(time.count()) / count;
}

StatusOr<std::vector<ProfileRow>> timeKernels(const CommandBuffers &commandBuffers, Device &device,
                                              const Program &program, const CommandBuffer &step,
                                              const StepPositions &positions, uint32_t count) {
  std::vector<ProfileRow> rows;
  for (uint32_t kernel : kernelsOf(step)) {
    CRIA_ASSIGN_OR_RETURN(CommandBuffer alone, commandBuffers.makeForKernel(step, kernel));
    ProfileRow &row = rows.emplace_back();
    row.entry = step.entry->name;
    row.name = program.kernels[kernel].name;
    row.calls = alone.dispatches.size();
    CRIA_ASSIGN_OR_RETURN(row.nanoseconds, timeReplays(device, alone.handle, count));
    for (uint32_t dispatch : alone.dispatches) {
      const DispatchBytes bytes = bytesOf(program, step, positions, step.entry->dispatches[dispatch]);
      row.bytesRead += bytes.read;
      row.bytesWritten += bytes.written;
    }
  }
  return rows;
}

} // namespace cria
