// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The graph is captured from a stream on which the entries are queued, so that recording and profiled replay
// share the same launch function.
#include "Recording.h"

#include "plugins/sdk/cria_backend.hpp"

#include <algorithm>

namespace cria::cuda {
namespace {

using plugin::view;

Check resolveAll(const cria_context &context, cria_code *code, const cria_record_info &info,
                 std::vector<Dispatch> &out) {
  out.resize(info.num_entries);
  return plugin::recordEach(
      info, [&](const cria_entry &entry, uint32_t i) { return resolveEntry(context, code, entry, out[i]); });
}

Check launchAll(const DriverApi &api, const cria_record_info &info, const std::vector<Dispatch> &dispatches,
                StreamHandle stream) {
  for (uint32_t i = 0; i < info.num_entries; ++i) {
    if (const Result result = launch(api, dispatches[i], stream); result != kSuccess) {
      return checkResult(api, result, plugin::entryText(i, view(info.entries[i]->name)));
    }
  }
  return {};
}

/// Ends a capture also on failure; otherwise it would remain active on this thread.
Check capture(const DriverApi &api, const cria_record_info &info, const std::vector<Dispatch> &dispatches,
              StreamHandle stream, Owned<GraphHandle> &out) {
  CRIA_CUDA_TRY(checkResult(api, api.streamBeginCapture(stream, kCaptureThreadLocal), "recording a graph"));
  const Check launched = launchAll(api, info, dispatches, stream);
  GraphHandle graph = nullptr;
  const Result ended = api.streamEndCapture(stream, &graph);
  out = own(graph, api.graphDestroy);
  return launched.failed() ? launched : checkResult(api, ended, "recording a graph");
}

/// Uploads the graph to the device, which would otherwise happen in the first replay.
Check instantiate(const DriverApi &api, GraphHandle graph, StreamHandle stream, cria_recording &recording) {
  GraphExecHandle exec = nullptr;
  CRIA_CUDA_TRY(checkResult(api, api.graphInstantiate(&exec, graph, 0), "instantiating a graph"));
  recording.graph = own(exec, api.graphExecDestroy);
  CRIA_CUDA_TRY(checkResult(api, api.graphUpload(exec, stream), "uploading a graph"));
  return checkResult(api, api.streamSynchronize(stream), "uploading a graph");
}

Check buildGraph(const DriverApi &api, const cria_record_info &info, cria_recording &recording) {
  const auto isEmpty = [](const Dispatch &dispatch) { return dispatch.isEmpty(); };
  if (std::all_of(recording.dispatches.begin(), recording.dispatches.end(), isEmpty)) {
    return {};
  }
  StreamHandle handle = nullptr;
  CRIA_CUDA_TRY(checkResult(api, api.streamCreate(&handle, kStreamNonBlocking), "creating a stream"));
  const Owned<StreamHandle> stream = own(handle, api.streamDestroy);
  Owned<GraphHandle> graph;
  CRIA_CUDA_TRY(capture(api, info, recording.dispatches, stream.get(), graph));
  return instantiate(api, graph.get(), stream.get(), recording);
}

Check replayTimed(cria_queue &queue, const cria_recording &recording) {
  const DriverApi &api = queue.context->api;
  const size_t count = recording.dispatches.size();
  queue.numTimed = 0;
  CRIA_CUDA_TRY(reserveMarks(queue, count));
  CRIA_CUDA_TRY(checkResult(api, api.eventRecord(queue.marks[0].get(), queue.stream.get()), "replay"));
  for (size_t i = 0; i < count; ++i) {
    CRIA_CUDA_TRY(checkResult(api, launch(api, recording.dispatches[i], queue.stream.get()), "replay"));
    CRIA_CUDA_TRY(checkResult(api, api.eventRecord(queue.marks[i + 1].get(), queue.stream.get()), "replay"));
  }
  queue.numTimed = count;
  return {};
}

} // namespace

Check record(const cria_context &context, cria_code *code, const cria_record_info &info,
             std::unique_ptr<cria_recording> &out) {
  auto recording = std::make_unique<cria_recording>();
  CRIA_CUDA_TRY(resolveAll(context, code, info, recording->dispatches));
  CRIA_CUDA_TRY(buildGraph(context.api, info, *recording));
  out = std::move(recording);
  return {};
}

Check replay(cria_queue &queue, const cria_recording &recording, const int32_t *cancel) {
  if (plugin::isCancelled(cancel)) {
    return refuse(CRIA_STATUS_CANCELLED, "the step was cancelled");
  }
  if (queue.profiling) {
    return replayTimed(queue, recording);
  }
  if (recording.graph == nullptr) {
    return {};
  }
  const DriverApi &api = queue.context->api;
  return checkResult(api, api.graphLaunch(recording.graph.get(), queue.stream.get()), "replay");
}

} // namespace cria::cuda
