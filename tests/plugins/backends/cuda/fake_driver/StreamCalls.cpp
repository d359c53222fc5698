// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The driver's functions about transfers, streams, graphs and events.
#include "State.h"

#include <cstring>

using namespace cria::fake_cuda;

static std::byte *hostView(DeviceAddress address) { return reinterpret_cast<std::byte *>(address); }

/// What a transfer holds until it has happened.
static std::shared_ptr<int> tokenOf(const void *memory, size_t size) {
  const auto *bytes = static_cast<const std::byte *>(memory);
  for (const auto &[begin, block] : state().pinned) {
    if (bytes >= begin && bytes + size <= begin + block.size) {
      return block.token;
    }
  }
  complain("an asynchronous transfer with memory that is not pinned");
  return nullptr;
}

FAKE_EXPORT Result cuMemcpyHtoDAsync_v2(DeviceAddress destination, const void *source, size_t bytes,
                                        StreamHandle stream) {
  FAKE_CALL("cuMemcpyHtoDAsync_v2", context);
  return enqueue(stream, [=, token = tokenOf(source, bytes)](ContextTag &context) {
    if (checkDevice(context, destination, bytes)) {
      std::memcpy(hostView(destination), source, bytes);
    }
  });
}

FAKE_EXPORT Result cuMemcpyDtoHAsync_v2(void *destination, DeviceAddress source, size_t bytes,
                                        StreamHandle stream) {
  FAKE_CALL("cuMemcpyDtoHAsync_v2", context);
  return enqueue(stream, [=, token = tokenOf(destination, bytes)](ContextTag &context) {
    if (checkDevice(context, source, bytes)) {
      std::memcpy(destination, hostView(source), bytes);
    }
  });
}

FAKE_EXPORT Result cuMemcpyDtoDAsync_v2(DeviceAddress destination, DeviceAddress source, size_t bytes,
                                        StreamHandle stream) {
  FAKE_CALL("cuMemcpyDtoDAsync_v2", context);
  return enqueue(stream, [=](ContextTag &context) {
    if (checkDevice(context, destination, bytes) && checkDevice(context, source, bytes)) {
      std::memcpy(hostView(destination), hostView(source), bytes);
    }
  });
}

FAKE_EXPORT Result cuMemsetD32Async(DeviceAddress destination, unsigned value, size_t words,
                                    StreamHandle stream) {
  FAKE_CALL("cuMemsetD32Async", context);
  return enqueue(stream, [=](ContextTag &context) {
    if (checkDevice(context, destination, words * sizeof(value))) {
      for (size_t i = 0; i < words; ++i) {
        std::memcpy(hostView(destination) + i * sizeof(value), &value, sizeof(value));
      }
    }
  });
}

FAKE_EXPORT Result cuStreamCreate(StreamHandle *stream, unsigned flags) {
  FAKE_CALL("cuStreamCreate", context);
  if (flags != kStreamNonBlocking) {
    complain("a stream that waits for the default stream");
  }
  *stream = make<StreamTag>();
  (*stream)->context = currentContexts.back();
  state().streams.insert(*stream);
  return kSuccess;
}

FAKE_EXPORT Result cuStreamDestroy_v2(StreamHandle stream) {
  FAKE_CALL("cuStreamDestroy_v2", release);
  runStream(*stream);
  if (stream->capture != nullptr) {
    complain("a stream destroyed while it captures");
  }
  state().streams.erase(stream);
  destroy(stream);
  return call.answer();
}

FAKE_EXPORT Result cuStreamSynchronize(StreamHandle stream) {
  FAKE_CALL("cuStreamSynchronize", unsafe);
  runStream(*stream);
  return stream->context->lost;
}

FAKE_EXPORT Result cuStreamBeginCapture_v2(StreamHandle stream, int mode) {
  FAKE_CALL("cuStreamBeginCapture_v2", context);
  if (mode != kCaptureThreadLocal) {
    complain("a capture that disturbs other threads");
  }
  stream->capture = std::make_unique<GraphTag>();
  stream->captureFailed = false;
  capturing = stream;
  return kSuccess;
}

FAKE_EXPORT Result cuStreamEndCapture(StreamHandle stream, GraphHandle *graph) {
  FAKE_CALL("cuStreamEndCapture", release);
  const std::unique_ptr<GraphTag> captured = std::move(stream->capture);
  capturing = nullptr;
  *graph = nullptr;
  constexpr Result kCaptureInvalidated = 901;
  if (call || stream->captureFailed) {
    return call ? call.answer() : kCaptureInvalidated;
  }
  *graph = make<GraphTag>();
  (*graph)->nodes = captured->nodes;
  return kSuccess;
}

FAKE_EXPORT Result cuGraphDestroy(GraphHandle graph) {
  FAKE_CALL("cuGraphDestroy", release);
  destroy(graph);
  return call.answer();
}

FAKE_EXPORT Result cuGraphInstantiateWithFlags(GraphExecHandle *exec, GraphHandle graph, unsigned long long) {
  FAKE_CALL("cuGraphInstantiateWithFlags", unsafe);
  *exec = make<GraphExecTag>();
  (*exec)->nodes = graph->nodes;
  return kSuccess;
}

FAKE_EXPORT Result cuGraphUpload(GraphExecHandle, StreamHandle) {
  FAKE_CALL("cuGraphUpload", unsafe);
  return kSuccess;
}

FAKE_EXPORT Result cuGraphLaunch(GraphExecHandle exec, StreamHandle stream) {
  FAKE_CALL("cuGraphLaunch", context);
  for (const Work &node : exec->nodes) {
    enqueue(stream, node);
  }
  return kSuccess;
}

FAKE_EXPORT Result cuGraphExecDestroy(GraphExecHandle exec) {
  FAKE_CALL("cuGraphExecDestroy", release);
  destroy(exec);
  return call.answer();
}

FAKE_EXPORT Result cuEventCreate(EventHandle *event, unsigned flags) {
  FAKE_CALL("cuEventCreate", context);
  *event = make<EventTag>();
  (*event)->state->timed = flags == kEventDefault;
  (*event)->context = currentContexts.back();
  return kSuccess;
}

FAKE_EXPORT Result cuEventDestroy_v2(EventHandle event) {
  FAKE_CALL("cuEventDestroy_v2", release);
  destroy(event);
  return call.answer();
}

FAKE_EXPORT Result cuEventRecord(EventHandle event, StreamHandle stream) {
  FAKE_CALL("cuEventRecord", context);
  event->stream = stream;
  ++event->state->pending;
  return enqueue(stream, [state = event->state](ContextTag &context) {
    --state->pending;
    state->nanoseconds = context.nanoseconds;
  });
}

/// The stream of an event may be gone; its work is done then.
static StreamTag *streamOf(EventHandle event) {
  return state().streams.contains(event->stream) ? event->stream : nullptr;
}

FAKE_EXPORT Result cuEventQuery(EventHandle event) {
  FAKE_CALL("cuEventQuery", context);
  constexpr int kLooks = 3;
  StreamTag *stream = streamOf(event);
  if (stream != nullptr && event->state->pending > 0 && ++stream->looks >= kLooks) {
    runStream(*stream);
  }
  return event->context->lost != kSuccess ? event->context->lost
         : event->state->pending > 0      ? kNotReady
                                          : kSuccess;
}

FAKE_EXPORT Result cuEventSynchronize(EventHandle event) {
  FAKE_CALL("cuEventSynchronize", unsafe);
  if (StreamTag *stream = streamOf(event)) {
    runStream(*stream);
  }
  return event->context->lost;
}

FAKE_EXPORT Result cuEventElapsedTime(float *milliseconds, EventHandle start, EventHandle end) {
  FAKE_CALL("cuEventElapsedTime", context);
  constexpr Result kInvalidHandle = 400;
  if (!start->state->timed || !end->state->timed) {
    return kInvalidHandle;
  }
  if (start->state->pending > 0 || end->state->pending > 0) {
    return kNotReady;
  }
  constexpr float kNanosecondsPerMillisecond = 1e6f;
  *milliseconds =
      static_cast<float>(end->state->nanoseconds - start->state->nanoseconds) / kNanosecondsPerMillisecond;
  return kSuccess;
}
