// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The driver can wait for an event without a limit or query it. A wait with a timeout queries it with pauses.
#include "Events.h"

#include <chrono>
#include <thread>

namespace cria::cuda {
namespace {

using Clock = std::chrono::steady_clock;

/// Short compared with a step, long compared with a query.
constexpr auto kPause = std::chrono::microseconds(50);
/// With more nanoseconds (about 146 years), computing the deadline would overflow.
constexpr uint64_t kForEver = uint64_t{1} << 62;

Result waitUntil(const DriverApi &api, EventHandle event, uint64_t timeoutNs) {
  const auto deadline = Clock::now() + std::chrono::nanoseconds(timeoutNs);
  Result result = api.eventQuery(event);
  while (result == kNotReady && Clock::now() < deadline) {
    std::this_thread::sleep_for(kPause);
    result = api.eventQuery(event);
  }
  return result;
}

} // namespace

Check signal(cria_queue &queue, std::unique_ptr<cria_event> &out) {
  const DriverApi &api = queue.context->api;
  auto event = std::make_unique<cria_event>();
  EventHandle handle = nullptr;
  CRIA_CUDA_TRY(checkResult(api, api.eventCreate(&handle, kEventDisableTiming), "creating an event"));
  event->context = queue.context;
  event->handle = own(handle, api.eventDestroy);
  event->downloads = queue.downloads;
  event->newestDownload = queue.downloads->newest();
  CRIA_CUDA_TRY(checkResult(api, api.eventRecord(handle, queue.stream.get()), "signal"));
  out = std::move(event);
  return {};
}

Check wait(cria_event &event, uint64_t timeoutNs) {
  const DriverApi &api = event.context->api;
  const Result result = timeoutNs >= kForEver ? api.eventSynchronize(event.handle.get())
                                              : waitUntil(api, event.handle.get(), timeoutNs);
  if (result == kNotReady) {
    return refuse(CRIA_STATUS_TIMEOUT,
                  "event was not signaled within " + std::to_string(timeoutNs) + " nanoseconds");
  }
  const Check check = checkResult(api, result, "the awaited work");
  if (check.failed()) {
    event.downloads->discard();
  } else {
    event.downloads->deliver(event.newestDownload);
  }
  return check;
}

} // namespace cria::cuda
