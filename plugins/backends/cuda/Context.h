// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An opened device and its memory. While a function of the backend runs, the device's CUDA context is current
// on the calling thread.
#pragma once

#include "Devices.h"

/// An opened device. All of them on one device share its primary context, which the driver reference-counts.
struct cria_context {
  explicit cria_context(const cria::cuda::DeviceProperties &properties) : device(properties) {}
  ~cria_context();
  cria_context(const cria_context &) = delete;
  cria_context &operator=(const cria_context &) = delete;

  const cria::cuda::DeviceProperties &device;
  const cria::cuda::DriverApi &api = cria::cuda::machine().driver.api;
  cria::cuda::ContextHandle primary = nullptr;
};

/// Device memory.
struct cria_buffer {
  cria::cuda::DeviceAddress address = 0;
  uint64_t size = 0;
};

namespace cria::cuda {

/// Makes the device's CUDA context current on this thread, and restores the previous one at the end of its
/// lifetime.
class Current {
public:
  explicit Current(const cria_context &context)
      : api_(context.api), result_(context.api.ctxPushCurrent(context.primary)) {}
  ~Current() {
    if (result_ == kSuccess) {
      ContextHandle popped = nullptr;
      (void)api_.ctxPopCurrent(&popped);
    }
  }
  Current(const Current &) = delete;
  Current &operator=(const Current &) = delete;
  Check check() const { return checkResult(api_, result_, "setting the current context"); }

private:
  const DriverApi &api_;
  Result result_;
};

/// Opens a device. Errors: NOT_FOUND, UNSUPPORTED (the device is in use or forbidden), OUT_OF_MEMORY,
/// INVALID_ARGUMENT (options).
Check openContext(const cria_open_options &options, std::unique_ptr<cria_context> &out);

/// Allocates device memory. Errors: OUT_OF_MEMORY with the bytes needed and free.
Check allocateBuffer(const cria_context &context, uint64_t size, std::unique_ptr<cria_buffer> &out);

} // namespace cria::cuda
