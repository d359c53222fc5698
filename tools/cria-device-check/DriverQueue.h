// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A queue on a CUDA device through the driver, without the plugin, for what the plugin ABI has no name for.
#pragma once

#include "plugins/backends/cuda/Queue.h"

#include <functional>

namespace cria::check {

/// Throws std::runtime_error with the text of a failed check.
void requireDriver(const cuda::Check &check);
/// The same for the result of a driver function. `what` names the work.
void requireDriver(const cuda::DriverApi &api, cuda::Result result, std::string_view what);

/// An opened device, whose context is current on this thread, and a queue. Errors: throws
/// std::runtime_error.
class DriverQueue {
public:
  explicit DriverQueue(uint32_t device);

  cria_queue &queue() { return *queue_; }
  const cuda::DriverApi &api() const { return context_->api; }
  const cuda::DeviceProperties &device() const { return context_->device; }
  /// Returns the seconds that the device takes for what work() puts on the queue (SteadyTime.h).
  double secondsOf(const std::function<void()> &work);

private:
  std::unique_ptr<cria_context> context_;
  std::unique_ptr<cuda::Current> current_;
  std::unique_ptr<cria_queue> queue_;
};

} // namespace cria::check
