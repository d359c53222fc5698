// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cria-device-check/DriverQueue.h"

#include "tools/cria-device-check/SteadyTime.h"

#include <stdexcept>

namespace cria::check {

void requireDriver(const cuda::Check &check) {
  if (check.failed()) {
    throw std::runtime_error(check.text);
  }
}

void requireDriver(const cuda::DriverApi &api, cuda::Result result, std::string_view what) {
  requireDriver(cuda::checkResult(api, result, what));
}

DriverQueue::DriverQueue(uint32_t device) {
  const cuda::Machine *machine = nullptr;
  requireDriver(cuda::openMachine(machine));
  cria_open_options options{};
  options.device = device;
  requireDriver(cuda::openContext(options, context_));
  current_ = std::make_unique<cuda::Current>(*context_);
  requireDriver(current_->check());
  requireDriver(cuda::createQueue(*context_, queue_));
}

double DriverQueue::secondsOf(const std::function<void()> &work) {
  constexpr double kMillisecondsPerSecond = 1e3;
  requireDriver(cuda::reserveMarks(*queue_, 1));
  const cuda::EventHandle start = queue_->marks[0].get(), end = queue_->marks[1].get();
  return steadySeconds([&] {
    requireDriver(api(), api().eventRecord(start, queue_->stream.get()), "timing");
    work();
    requireDriver(api(), api().eventRecord(end, queue_->stream.get()), "timing");
    requireDriver(cuda::finish(*queue_));
    float milliseconds = 0;
    requireDriver(api(), api().eventElapsedTime(&milliseconds, start, end), "timing");
    return static_cast<double>(milliseconds) / kMillisecondsPerSecond;
  });
}

} // namespace cria::check
