// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Points in a queue that any thread may wait for.
#pragma once

#include "Queue.h"

struct cria_event {
  const cria_context *context = nullptr;
  cria::cuda::Owned<cria::cuda::EventHandle> handle;
  // What was queued before the event is delivered by whoever waits for it, with the queue gone or not.
  std::shared_ptr<cria::cuda::Downloads> downloads;
  uint64_t newestDownload = 0;
};

namespace cria::cuda {

Check signal(cria_queue &queue, std::unique_ptr<cria_event> &out);
/// Errors: TIMEOUT, and those of the work.
Check wait(cria_event &event, uint64_t timeoutNs);

} // namespace cria::cuda
