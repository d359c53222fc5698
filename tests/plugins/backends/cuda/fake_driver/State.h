// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The fake driver's objects. Device memory is host memory; a stream is a list of functions.
#pragma once

#include "Control.h"
#include "plugins/backends/cuda/DriverApi.h"

#include <array>
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
  /// The clock of the device. Only work advances it: a kernel by a fixed time, whatever the host's clock
  /// says.
  uint64_t nanoseconds = 0;
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
  uint64_t nanoseconds = 0; // the clock of the device when the event was reached
};
struct EventTag {
  std::shared_ptr<EventState> state = std::make_shared<EventState>();
  StreamTag *stream = nullptr; // where it was recorded last
  ContextTag *context = nullptr;
};

struct LaunchShape {
  std::array<unsigned, 3> grid;
  std::array<unsigned, 3> block;
  unsigned sharedBytes;
};

/// A kernel: its attributes, and its code.
struct KernelProperties {
  std::string name;
  int maxThreads = 1024;
  int staticSharedBytes = 0;
  int localBytes = 0;
  size_t numParameters = 0;
  std::function<void(ContextTag &, const LaunchShape &, const DeviceAddress *parameters)> run;
  int registers = 40; // per thread
};

struct FunctionTag {
  KernelProperties properties;
  int maxDynamicSharedBytes = 48 << 10;
};
struct ModuleTag {
  std::map<std::string, FunctionTag> functions; // all, or those that were requested so far
  /// Makes a kernel that `functions` lacks; empty if the module has none of that name.
  std::function<std::optional<KernelProperties>(const std::string &name)> find;
};

/// What this build of the fake takes for code (TableCode.cpp, SimulatedCode.cpp). Answers a result of
/// loading, and its log.
Result readCode(const char *image, ModuleTag &module, std::string &log);

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
/// The number of bytes of device memory from an address on; 0 if it is not device memory.
size_t bytesFrom(DeviceAddress address);
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

/// The first line of a driver function, which returns at once if the call is to fail.
#define FAKE_CALL(name, kind)                                                                                \
  const ::cria::fake_cuda::Call call(name, ::cria::fake_cuda::Kind::kind);                                   \
  if (call && ::cria::fake_cuda::Kind::kind != ::cria::fake_cuda::Kind::release) {                           \
    return call.answer();                                                                                    \
  }
