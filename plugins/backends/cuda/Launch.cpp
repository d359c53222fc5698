// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Checks entries, and queues them as launches, copies and fills.
#include "Launch.h"

#include "Queue.h"
#include "plugins/api/kernel_abi.h"

#include <algorithm>

namespace cria::cuda {
namespace {

using plugin::invalid;
using plugin::view;

std::string dimensionsText(const std::array<uint32_t, 3> &dimensions) {
  return std::to_string(dimensions[0]) + " x " + std::to_string(dimensions[1]) + " x " +
         std::to_string(dimensions[2]);
}

plugin::BufferProperties propertiesOf(const cria_buffer &buffer) { return {.size = buffer.size}; }

DeviceAddress addressOf(const cria_operand &operand) { return operand.buffer->address + operand.offset; }

/// Returns whether each dimension is from 1 to its limit.
bool isWithin(const std::array<uint32_t, 3> &dimensions, const std::array<uint32_t, 3> &limit) {
  for (size_t d = 0; d < dimensions.size(); ++d) {
    if (dimensions[d] == 0 || dimensions[d] > limit[d]) {
      return false;
    }
  }
  return true;
}

Check checkShape(const DeviceProperties &device, const Kernel &kernel, const Dispatch &dispatch) {
  if (!isWithin(dispatch.grid, device.maxGrid)) {
    return invalid("expected a grid of 1 x 1 x 1 to " + dimensionsText(device.maxGrid) + " blocks, got " +
                   dimensionsText(dispatch.grid));
  }
  if (!isWithin(dispatch.block, device.maxBlock)) {
    return invalid("expected a block of 1 x 1 x 1 to " + dimensionsText(device.maxBlock) + " threads, got " +
                   dimensionsText(dispatch.block));
  }
  const uint64_t threads = uint64_t{dispatch.block[0]} * dispatch.block[1] * dispatch.block[2];
  const uint32_t maximum = std::min(kernel.maxThreads, device.maxThreadsPerBlock);
  if (threads > maximum) {
    return invalid("expected a block of at most " + std::to_string(maximum) + " threads, got " +
                   std::to_string(threads));
  }
  return {};
}

Check checkBindings(const Kernel &kernel, uint32_t numOperands) {
  const uint64_t bytes = uint64_t{numOperands} * sizeof(DeviceAddress);
  if (kernel.knowsParameters && kernel.parameterBytes != bytes) {
    return invalid("kernel expects " + std::to_string(kernel.parameterBytes) +
                   " bytes of parameters, its operands have " + std::to_string(bytes));
  }
  return {};
}

Check resolveKernel(const cria_context &context, cria_code *code, const cria_entry &entry, Dispatch &out) {
  if (code == nullptr) {
    return invalid("expected loaded code for a kernel, got none");
  }
  if (entry.num_attributes != 0) {
    return invalid("a compiled kernel has no attributes");
  }
  Kernel *kernel = nullptr;
  CRIA_CUDA_TRY(findKernel(*code, view(entry.name), kernel));
  std::copy(std::begin(entry.grid), std::end(entry.grid), out.grid.begin());
  std::copy(std::begin(entry.block), std::end(entry.block), out.block.begin());
  CRIA_CUDA_TRY(checkShape(context.device, *kernel, out));
  CRIA_CUDA_TRY(checkBindings(*kernel, entry.num_operands));
  CRIA_CUDA_TRY(plugin::checkOperands(entry, CRIA_KERNEL_ALIGNMENT, propertiesOf));
  CRIA_CUDA_TRY(reserveShared(*code, *kernel, entry.scratch_bytes));
  out.function = kernel->function;
  out.sharedBytes = static_cast<uint32_t>(entry.scratch_bytes);
  for (uint32_t i = 0; i < entry.num_operands; ++i) {
    out.bindings.push_back(addressOf(*entry.operands[i]));
  }
  return {};
}

Check resolveBytes(const cria_entry &entry, Dispatch &out) {
  CRIA_CUDA_TRY(plugin::checkBytes(entry, propertiesOf));
  const bool isCopy = entry.kind == CRIA_ENTRY_COPY;
  const cria_operand &destination = *entry.operands[entry.num_operands - 1];
  const cria_operand &source = *entry.operands[0];
  if (isCopy && overlap(addressOf(source), addressOf(destination), source.size)) {
    return invalid("source and destination overlap");
  }
  out.destination = addressOf(destination);
  out.source = isCopy ? addressOf(source) : 0;
  out.size = destination.size;
  out.fillValue = entry.fill_value;
  return {};
}

/// The bindings are contiguous, as the kernel's parameters are, so they are passed as one block of bytes. The
/// driver compares its size with that of the parameters.
Result launchKernel(const DriverApi &api, const Dispatch &dispatch, StreamHandle stream) {
  size_t bytes = dispatch.bindings.size() * sizeof(DeviceAddress);
  void *extra[] = {kLaunchParamBufferPointer, const_cast<DeviceAddress *>(dispatch.bindings.data()),
                   kLaunchParamBufferSize, &bytes, kLaunchParamEnd};
  return api.launchKernel(dispatch.function, dispatch.grid[0], dispatch.grid[1], dispatch.grid[2],
                          dispatch.block[0], dispatch.block[1], dispatch.block[2], dispatch.sharedBytes,
                          stream, nullptr, bytes != 0 ? extra : nullptr);
}

} // namespace

Check resolveEntry(const cria_context &context, cria_code *code, const cria_entry &entry, Dispatch &out) {
  if (entry.reserved != 0) {
    return invalid("reserved field is not zero");
  }
  switch (entry.kind) {
  case CRIA_ENTRY_KERNEL:
    out.kind = DispatchKind::kernel;
    return resolveKernel(context, code, entry, out);
  case CRIA_ENTRY_COPY:
    out.kind = DispatchKind::copy;
    return resolveBytes(entry, out);
  case CRIA_ENTRY_FILL:
    out.kind = DispatchKind::fill;
    return resolveBytes(entry, out);
  default:
    return plugin::refuseKind(entry.kind, "cuda");
  }
}

Result launch(const DriverApi &api, const Dispatch &dispatch, StreamHandle stream) {
  if (dispatch.isEmpty()) {
    return kSuccess;
  }
  switch (dispatch.kind) {
  case DispatchKind::kernel:
    return launchKernel(api, dispatch, stream);
  case DispatchKind::copy:
    return api.memcpyDtoDAsync(dispatch.destination, dispatch.source, dispatch.size, stream);
  case DispatchKind::fill:
    return api.memsetD32Async(dispatch.destination, dispatch.fillValue, dispatch.size / sizeof(uint32_t),
                              stream);
  }
  __builtin_unreachable(); // not an enumerator
}

} // namespace cria::cuda
