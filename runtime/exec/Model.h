// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Model: a package that is opened on a backend. Weights are bound, code is loaded and the KV pool is
// allocated.
// Public: included by runtime/cria.h.
#pragma once

#include "plugins/api/cria_plugin.h"
#include "runtime/exec/Batch.h"
#include "runtime/exec/CancelFlag.h"
#include "runtime/exec/KvPool.h"
#include "runtime/exec/StepTimes.h"
#include "runtime/package/Package.h"
#include "support/Status.h"

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cria {

class PluginRegistry;

/// A backend as a function table, for programs that link a backend statically. The table has all required
/// functions and outlives the model.
struct BackendReference {
  std::string name;
  const cria_backend_api *api = nullptr;
  const void *(*getExtension)(cria_string name) = nullptr; // may be null; see cria_plugin
};

/// Options that help to find errors in kernels and backends.
struct ModelDebugOptions {
  bool poisonBuffers = false; // fill arena, result and scratch memory with NaN before each step
};

/// How Model::open() chooses a backend, and what it allocates.
struct ModelOptions {
  std::string backend;     // empty: the one with the highest score, never an explicit-only one
  std::string target;      // empty: the target with the highest score
  uint32_t device = 0;     // index among the backend's devices
  uint32_t numThreads = 0; // 0: the backend's default
  uint32_t context = 0;    // positions per sequence; 0: the maximum that the package was compiled for
  /// 0: a full context for every sequence of a step, but at most 1 GiB, or one context if that is larger.
  uint64_t kvMemoryBytes = 0;
  uint32_t maxCommandBuffers = 32; // kept for reuse, one for each entry point, T and R (see Batch)
  /// False: only targets without code of their own, such as `ops`, for packages of unknown origin. Backends
  /// that run otherwise only when they are named are then chosen as well.
  bool allowNativeCode = true;
  /// Open the model even if it needs more memory than is free.
  bool ignoreMemory = false;
  ModelDebugOptions debug;
  /// Called while weights are uploaded, with numbers of bytes. Not called if weights are used in place.
  std::function<void(uint64_t done, uint64_t total)> progress;
};

/// The time of one kernel or op of an entry point: of all dispatches since profiling was enabled, or of those
/// of one step (see Model::timeKernels()).
struct ProfileRow {
  std::string entry;
  std::string name;   // kernel or op
  uint64_t calls = 0; // dispatches
  uint64_t nanoseconds = 0;
  uint64_t bytesRead = 0;    // of operands, each once for a dispatch that reads it
  uint64_t bytesWritten = 0; // of results
  // What the driver of a GPU states of the loaded kernel to timeKernels(); 0: unknown.
  uint32_t registers = 0;      // of a thread
  uint32_t residentBlocks = 0; // that a multiprocessor holds at once

  uint64_t bytes() const { return bytesRead + bytesWritten; }
};

/// The input of a linear layer in one step.
struct LinearInput {
  std::string_view weight;       // the name of its weight in the program, such as "layers.3.qkv"
  uint64_t columns = 0;          // K of the weight
  std::span<const float> values; // f32 [rows, columns], host, borrowed for the call; no padding rows
};

/// Receives the inputs of all linear layers of a step, in order. An error ends the step.
using LinearObserver = std::function<Status(const LinearInput &)>;

/// Memory of the model on its device, in bytes.
struct MemoryUse {
  uint64_t weights = 0;         // imported ones included
  uint64_t importedWeights = 0; // used in place from the mapped files
  uint64_t arena = 0;
  uint64_t kv = 0;
  uint64_t other = 0; // step, constants, result
};

/// Not thread-safe; callers serialize. Shares ownership of the package.
class Model {
public:
  /// Chooses target and backend, maps or uploads the weights, and fills random ones with the entry point
  /// `initialize`. If a backend rejects the code of a target, the next best pair is tried. Errors:
  /// unsupported with the reason why each backend cannot run the package; incompatibleCode with those of each
  /// target; outOfMemory, before anything is allocated, if device or host have too little memory; io; the
  /// backend's.
  static StatusOr<std::unique_ptr<Model>> open(const std::shared_ptr<const Package> &package,
                                               std::span<const BackendReference> backends,
                                               const ModelOptions &options = {});
  /// The same with the backends that the registry can load. The registry outlives the model. Errors: also
  /// those of PluginRegistry::load() if it cannot load options.backend.
  static StatusOr<std::unique_ptr<Model>> open(const std::shared_ptr<const Package> &package,
                                               PluginRegistry &registry, const ModelOptions &options = {});
  ~Model();

  /// Runs one step and returns its logits: f32 [R, vocabSize], host, valid until the next call. A step that
  /// fails leaves the KV cache of earlier positions intact. Setting `cancel` (may be null) ends the step
  /// early. Allocates no memory for a (T, R) that occurred before. Errors: invalidArgument naming the row
  /// if the batch is invalid; cancelled; the backend's.
  StatusOr<std::span<const float>> forward(const Batch &batch, const CancelFlag *cancel = nullptr);

  /// Passes the inputs of linear layers of later steps to `observer` (null: no longer). Such a step runs in
  /// parts and copies the inputs to the host; it cannot be repeated, timed or profiled. Its errors are also
  /// those of the observer, and unsupported if the target keeps an input in another form than f32 rows, as
  /// where a norm is part of the linear layer.
  void observeLinears(LinearObserver observer);

  /// Re-runs the last step `count` times back to back, to measure device time without host overhead. Each
  /// run writes the same values as the last step. REQUIRES: the sessions of that step have not changed
  /// since. Errors: invalidArgument if no step was run or the last one failed; the backend's.
  Status repeatStep(uint32_t count);

  /// Times each kernel of the last step alone: runs the kernel's dispatches of all layers, in order, once and
  /// then `count` times back to back. Returns a row for each kernel, in the order of the step, with the mean
  /// of one run. On a device this is the time without the host, but a kernel with one dispatch per step
  /// includes the launch of a command buffer. No kernel uses activations as addresses, so it does not matter
  /// that these are of another layer. The step is run once more at the end, which restores all that it
  /// wrote. REQUIRES: as for repeatStep(); count > 0. Errors: invalidArgument as for repeatStep(), or if
  /// profiling is enabled; the backend's, after which the positions of that step are undefined.
  StatusOr<std::vector<ProfileRow>> timeKernels(uint32_t count);

  const Package &package() const;
  const Manifest &manifest() const;
  const Program &program() const;
  const ProgramLimits &limits() const; // the context is that of context()
  uint32_t vocabSize() const;
  uint32_t context() const; // the maximum number of positions of a sequence
  KvPool &kvPool();

  const std::string &backendName() const;
  const std::string &targetName() const;
  const std::string &deviceName() const;
  /// Why better choices of backend and target were given up: their code was rejected when it was loaded.
  const std::vector<std::string> &rejectedTargets() const;
  /// What the chosen backend says of other targets that it cannot run, and of targets that are slow here.
  const std::vector<std::string> &targetRemarks() const;
  const MemoryUse &memoryUse() const;
  /// What is worth knowing about the opened model, such as that weights will be read from the disk.
  const std::vector<std::string> &notes() const;

  /// Returns whether one of these KV pages holds an infinity or NaN: a key or value did not fit the type of
  /// the cache, or the computation failed. Errors: the backend's.
  StatusOr<bool> hasOverflow(std::span<const int32_t> pages);

  /// Enables or disables profiling. Errors: unsupported if the backend does not measure times.
  Status enableProfile(bool on);
  std::vector<ProfileRow> profile() const; // since it was enabled, in descending order of time

  /// Passes the times of later steps to `observer` (null: no longer), on the thread that runs them and before
  /// forward() returns. Not those of steps that fail, are cancelled, or run in parts for observeLinears().
  /// The times of their dispatches are those of the profile. Without an observer no clock is read.
  void observeSteps(StepObserver observer);

private:
  class Implementation;
  explicit Model(std::unique_ptr<Implementation> implementation);
  static StatusOr<std::unique_ptr<Model>> openChosen(const std::shared_ptr<const Package> &package,
                                                     std::span<const BackendReference> backends,
                                                     const std::vector<std::string> &refused,
                                                     const ModelOptions &options);
  std::unique_ptr<Implementation> implementation_;
};

} // namespace cria
