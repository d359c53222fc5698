// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Counting, faults, streams.
#include "State.h"

#include "plugins/backends/cuda/Failure.h"

#include <cstdlib>

namespace cria::fake_cuda {

/// Tests that start a program steer its driver by the environment.
template <typename Number> static void readVariable(const char *name, Number &number) {
  if (const char *text = std::getenv(name)) {
    number = static_cast<Number>(std::strtoull(text, nullptr, 10));
  }
}

static State *makeState() {
  auto *made = new State();
  readVariable("FAKE_CUDA_MEMORY", made->control.memoryBytes);
  readVariable("FAKE_CUDA_MAJOR", made->control.major);
  readVariable("FAKE_CUDA_MINOR", made->control.minor);
  readVariable("FAKE_CUDA_VERSION", made->control.driverVersion);
  readVariable("FAKE_CUDA_LOSE_AT_KERNEL", made->control.loseAtKernel);
  return made;
}

State &state() {
  static State &kState = *makeState();
  return kState;
}

/// Takes the fault of this call, if it is its turn.
static Result takeFault(Control &control, const char *name) {
  if (control.failCall == 0 || (!control.failFunction.empty() && control.failFunction != name) ||
      --control.failCall != 0) {
    return kSuccess;
  }
  control.failed = true;
  return control.failResult;
}

/// The answer of a call that the context cannot serve.
static Result refusalOf(ContextTag *context, const char *name, Kind kind) {
  constexpr Result kInvalidContext = 201;
  constexpr Result kCaptureUnsupported = 900;
  if (context == nullptr) {
    if (kind != Kind::release && !pushFailed) {
      complain(std::string(name) + " without a context");
    }
    return kInvalidContext;
  }
  if (kind == Kind::unsafe && capturing != nullptr) {
    complain(std::string(name) + " during a capture");
    capturing->captureFailed = true;
    return kCaptureUnsupported;
  }
  return context->lost;
}

static void dropWork(const ContextTag &context) {
  for (StreamTag *stream : state().streams) {
    if (stream->context == &context) {
      stream->work.clear();
    }
  }
}

Call::Call(const char *name, Kind kind) : lock_(state().mutex) {
  ++state().control.calls[name];
  answer_ = takeFault(state().control, name);
  ContextTag *context = currentContexts.empty() ? nullptr : currentContexts.back();
  if (isLost(answer_) && context != nullptr) {
    context->lost = answer_;
  }
  if (answer_ == kSuccess && kind != Kind::plain) {
    answer_ = refusalOf(context, name, kind);
  }
  if (context != nullptr && context->lost != kSuccess) {
    dropWork(*context);
  }
}

void runStream(StreamTag &stream) {
  stream.looks = 0;
  while (!stream.work.empty()) {
    const Work work = std::move(stream.work.front());
    stream.work.pop_front();
    if (stream.context->lost == kSuccess) {
      work(*stream.context);
    }
  }
}

void runAllStreams() {
  for (StreamTag *stream : state().streams) {
    runStream(*stream);
  }
}

Result enqueue(StreamTag *stream, Work work) {
  if (stream->capture != nullptr) {
    stream->capture->nodes.push_back(std::move(work));
    return kSuccess;
  }
  stream->work.push_back(std::move(work));
  if (!state().control.deferred) {
    runStream(*stream);
  }
  return kSuccess;
}

size_t bytesFrom(DeviceAddress address) {
  auto next = state().memory.upper_bound(address);
  if (next == state().memory.begin()) {
    return 0;
  }
  const auto &[begin, block] = *--next;
  return address - begin < block.first ? block.first - (address - begin) : 0;
}

bool checkDevice(ContextTag &context, DeviceAddress address, size_t size) {
  if (size <= bytesFrom(address)) {
    return true;
  }
  context.lost = kIllegalAddress;
  return false;
}

void complain(const std::string &text) { state().control.complaints.push_back(text); }

} // namespace cria::fake_cuda

FAKE_EXPORT cria::fake_cuda::Control *cria_fake_cuda() { return &cria::fake_cuda::state().control; }
