// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Opens a device and allocates its memory.
#include "Context.h"

cria_context::~cria_context() {
  if (primary != nullptr) {
    (void)api.primaryCtxRelease(device.handle);
  }
}

namespace cria::cuda {
namespace {

Check outOfMemory(const cria_context &context, uint64_t size) {
  size_t free = 0;
  size_t total = 0;
  if (context.api.memGetInfo(&free, &total) != kSuccess) {
    return refuse(CRIA_STATUS_OUT_OF_MEMORY,
                  "buffer needs " + std::to_string(size) + " bytes of device memory, more than are free");
  }
  return refuse(CRIA_STATUS_OUT_OF_MEMORY, "buffer needs " + std::to_string(size) +
                                               " bytes of device memory, " + std::to_string(free) + " of " +
                                               std::to_string(total) + " are free");
}

/// A device that is busy or forbidden to this process is not lost.
Check cannotOpen(const cria_context &context, Result result) {
  const bool isFull = result == kOutOfMemory;
  return refuse(isFull ? CRIA_STATUS_OUT_OF_MEMORY : CRIA_STATUS_UNSUPPORTED,
                "device " + context.device.name + " cannot be opened: " + describe(context.api, result) +
                    "; use nvidia-smi to see its processes" + (isFull ? "" : " and its compute mode"));
}

} // namespace

Check openContext(const cria_open_options &options, std::unique_ptr<cria_context> &out) {
  const DeviceProperties *device = nullptr;
  CRIA_CUDA_TRY(findDevice(options.device, device));
  // Scratch is shared memory, which only kernels can write, so it cannot be poisoned.
  if ((options.flags & ~CRIA_OPEN_POISON_SCRATCH) != 0) {
    return refuse(CRIA_STATUS_INVALID_ARGUMENT, "expected known flags, got " + std::to_string(options.flags));
  }
  auto context = std::make_unique<cria_context>(*device);
  const Result result = context->api.primaryCtxRetain(&context->primary, device->handle);
  if (result != kSuccess) {
    context->primary = nullptr;
    return cannotOpen(*context, result);
  }
  out = std::move(context);
  return {};
}

Check allocateBuffer(const cria_context &context, uint64_t size, std::unique_ptr<cria_buffer> &out) {
  if (size == 0) {
    return refuse(CRIA_STATUS_INVALID_ARGUMENT, "buffer size must be above 0");
  }
  if (size > context.device.memoryBytes) {
    return outOfMemory(context, size);
  }
  auto buffer = std::make_unique<cria_buffer>();
  const Result result = context.api.memAlloc(&buffer->address, size);
  if (result == kOutOfMemory) {
    return outOfMemory(context, size);
  }
  CRIA_CUDA_TRY(checkResult(context.api, result, "allocating memory"));
  buffer->size = size;
  out = std::move(buffer);
  return {};
}

} // namespace cria::cuda
