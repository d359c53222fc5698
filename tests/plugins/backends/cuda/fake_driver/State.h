// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The fake driver's objects. Device memory is host memory; a stream is a list of functions.
#pragma once

#include "Control.h"
#include "plugins/backends/cuda/DriverApi.h"

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>

#define FAKE_EXPORT extern "C" __attribute__((visibility("default")))

namespace cria::cuda {

struct ContextTag {
  int device = 0;
  int references = 0;
  Result lost = kSuccess;
};

using Work = std::function<void(ContextTag &)>;

struct GraphTag {
  std::vector<Work> nodes;
};
struct GraphExecTag {
  std::vector<Work> nodes;
};

struct StreamTag {
  ContextTag *context = nullptr;
  std::deque<Work> work;
  int looks = 0;
  std::unique_ptr<GraphTag> capture;
  bool captureFailed = false;
};

struct EventState {
  int pending = 0;
  bool timed = false;
  std::chrono::steady_clock::time_point when;
};
struct EventTag {
  std::shared_ptr<EventState> state = std::make_shared<EventState>();
  StreamTag *stream = nullptr; // where it was recorded last
  ContextTag *context = nullptr;
};

/// A kernel of the fake: what the driver tells about it, and what it does.
struct KernelFacts {
  const char *name;
  int maxThreads;
  int staticSharedBytes;
  int localBytes;
  size_t numParameters;
  std::function<void(ContextTag &, unsigned threads, const DeviceAddress *parameters)> run;
};
const std::vector<KernelFacts> &kernelTable();

struct FunctionTag {
  const KernelFacts *facts = nullptr;
  int maxDynamicSharedBytes = 48 << 10;
};
struct ModuleTag {
  std::map<std::string, FunctionTag> functions;
};

} // namespace cria::cuda

namespace cria::fake_cuda {

using namespace cria::cuda;

/// Pinned memory; transfers that have not happened yet hold its token.
struct PinnedBlock {
  size_t size = 0;
  std::shared_ptr<int> token = std::make_shared<int>();
};

struct State {
  Control control;
  std::mutex mutex;
  std::map<int, ContextTag> contexts;                     // by device
  std::map<DeviceAddress, std::pair<size_t, int>> memory; // size and device
  std::map<const std::byte *, PinnedBlock> pinned;
  std::set<StreamTag *> streams;
};
State &state();

/// Contexts pushed by this thread, whether one could not be, and whether it captures a graph.
inline thread_local std::vector<ContextTag *> currentContexts;
inline thread_local bool pushFailed = false;
inline thread_local StreamTag *capturing = nullptr;

enum class Kind {
  plain,   // needs no context
  context, // needs one, and answers its loss
  unsafe,  // the same, and is forbidden while this thread captures
  release, // does its work whatever it answers
};

/// A call under way: counted, with the answer it must give, if any. Holds the lock.
class Call {
public:
  Call(const char *name, Kind kind);
  explicit operator bool() const { return answer_ != kSuccess; }
  Result answer() const { return answer_; }

private:
  std::lock_guard<std::mutex> lock_;
  Result answer_ = kSuccess;
};

/// Does the work that is queued on a stream.
void runStream(StreamTag &stream);
void runAllStreams();
/// Puts work on a stream, or into the graph that it captures.
Result enqueue(StreamTag *stream, Work work);
/// Whether this is device memory; the context is lost if not.
bool checkDevice(ContextTag &context, DeviceAddress address, size_t size);
void complain(const std::string &text);

template <typename T> T *make() {
  ++state().control.live;
  return new T();
}
template <typename T> void destroy(T *object) {
  --state().control.live;
  delete object;
}

} // namespace cria::fake_cuda

/// First line of a function of the driver that answers at once when it must fail.
#define FAKE_CALL(name, kind)                                                                                \
  const ::cria::fake_cuda::Call call(name, ::cria::fake_cuda::Kind::kind);                                   \
  if (call && ::cria::fake_cuda::Kind::kind != ::cria::fake_cuda::Kind::release) {                           \
    return call.answer();                                                                                    \
  }
