// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A command buffer: entries as a CUDA graph, which a replay launches.
#pragma once

#include "Launch.h"
#include "Queue.h"

struct cria_recording {
  std::vector<cria::cuda::Dispatch> dispatches;
  cria::cuda::Owned<cria::cuda::GraphExecHandle> graph; // null if there are no entries
};

namespace cria::cuda {

/// Checks all entries and builds the graph.
Check record(const cria_context &context, cria_code *code, const cria_record_info &info,
             std::unique_ptr<cria_recording> &out);

/// Launches the graph or, if the queue is profiled, each entry followed by an event. `cancel` (may be null)
/// is read before that; launched work runs to its end.
Check replay(cria_queue &queue, const cria_recording &recording, const int32_t *cancel);

} // namespace cria::cuda
