// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Events: points in a queue that any thread can wait for.
#pragma once

#include "Queue.h"

struct cria_event {
  const cria_context *context = nullptr;
  cria::cuda::Owned<cria::cuda::EventHandle> handle;
  // A wait delivers the downloads that were queued before the event, even if the queue has been freed.
  std::shared_ptr<cria::cuda::Downloads> downloads;
  uint64_t newestDownload = 0;
};

namespace cria::cuda {

Check signal(cria_queue &queue, std::unique_ptr<cria_event> &out);
/// Waits for an event. Errors: TIMEOUT, and those of the work before the event.
Check wait(cria_event &event, uint64_t timeoutNs);

} // namespace cria::cuda
