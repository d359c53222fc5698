// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A recorded list of entries as a CUDA graph: a replay is one launch.
#pragma once

#include "Launch.h"
#include "Queue.h"

struct cria_recording {
  std::vector<cria::cuda::Dispatch> dispatches;
  cria::cuda::Owned<cria::cuda::GraphExecHandle> graph; // null when there is nothing to do
};

namespace cria::cuda {

/// Checks all entries and builds the graph.
Check record(const cria_context &context, cria_code *code, const cria_record_info &info,
             std::unique_ptr<cria_recording> &out);

/// Launches the graph, or, when the queue keeps times, entry after entry with an event behind each. Looks at
/// `cancel` (may be null) before: what is launched runs to its end.
Check replay(cria_queue &queue, const cria_recording &recording, const int32_t *cancel);

} // namespace cria::cuda
