// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A package opened on a backend: weights bound, code loaded, KV pool allocated, ready to run steps.
#pragma once

#include "plugins/api/cria_plugin.h"
#include "runtime/exec/Batch.h"
#include "runtime/exec/CancelFlag.h"
#include "runtime/exec/KvPool.h"
#include "runtime/package/Package.h"
#include "support/Status.h"

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace cria {

class PluginRegistry;

/// A backend by its table, for programs that link one in. The table is complete and outlives the model.
struct BackendReference {
  std::string name;
  const cria_backend_api *api = nullptr;
};

struct ModelOptions {
  std::string backend;        // empty: the one whose probe scores best, never an explicit-only one
  std::string target;         // empty: the target that scores best
  uint32_t device = 0;        // of the backend
  uint32_t numThreads = 0;    // 0: the backend's default
  uint32_t context = 0;       // positions per sequence; 0: all that the package was compiled for
  uint64_t kvMemoryBytes = 0; // 0: contexts for all sequences of a step up to 1 GiB, at least one context
  uint32_t maxRecordings = 32;
  bool poison = false; // NaN in arena and result before each step, and in scratch (tests)
  /// Called while weights are uploaded (not when they are used in place). Bytes.
  std::function<void(uint64_t done, uint64_t total)> progress;
};

/// Time spent in one kernel or op of an entry since profiling was switched on.
struct ProfileRow {
  std::string entry;
  std::string name;   // kernel or op
  uint64_t calls = 0; // dispatches
  uint64_t nanoseconds = 0;
  uint64_t bytes = 0; // of weights read
};

/// Bytes the model holds on its device.
struct MemoryUse {
  uint64_t weights = 0;         // imported ones included
  uint64_t importedWeights = 0; // used in place from the mapped files
  uint64_t arena = 0;
  uint64_t kv = 0;
  uint64_t other = 0; // step, constants, result
};

/// Threads: one at a time. The package is shared and stays open.
class Model {
public:
  /// Chooses target and backend, maps or uploads weights, runs `initialize` for random ones. Errors:
  /// UNSUPPORTED with every backend's reason; INCOMPATIBLE_CODE, OUT_OF_MEMORY, IO as the parts say.
  static StatusOr<std::unique_ptr<Model>> open(std::shared_ptr<const Package> package,
                                               std::span<const BackendReference> backends,
                                               const ModelOptions &options = {});
  /// The same with the backends that the registry can load. Errors: also those of the registry when
  /// options.backend names one that it cannot load. The registry outlives the model.
  static StatusOr<std::unique_ptr<Model>> open(std::shared_ptr<const Package> package,
                                               PluginRegistry &registry, const ModelOptions &options = {});
  ~Model();

  /// Runs one step and returns logits f32 [R, vocabSize] on the host, valid until the next call. The batch is
  /// checked first (INVALID_ARGUMENT names the row). A step that fails leaves the KV of earlier positions
  /// intact. `cancel`, if given, ends the step early with CANCELLED. Allocates nothing once a (T, R) was
  /// seen.
  StatusOr<std::span<const float>> forward(const Batch &batch, const CancelFlag *cancel = nullptr);

  /// Runs the last step `count` times more, one right behind the other, and waits for all: what a step costs
  /// the device alone. They write again what that step wrote; call it while its sessions are as the step left
  /// them. Errors: INVALID_ARGUMENT before the first step; the backend's.
  Status repeatStep(uint32_t count);

  const Package &package() const;
  const Manifest &manifest() const;
  const Program &program() const;
  const ProgramLimits &limits() const; // with `context` as it is in use
  uint32_t vocabSize() const;
  uint32_t context() const; // positions a sequence can have
  KvPool &kvPool();

  const std::string &backendName() const;
  const std::string &targetName() const;
  const std::string &deviceName() const;
  const MemoryUse &memoryUse() const;

  /// Errors: UNSUPPORTED when the backend keeps no times.
  Status enableProfile(bool on);
  std::vector<ProfileRow> profile() const; // since it was switched on; descending time

private:
  class Implementation;
  explicit Model(std::unique_ptr<Implementation> implementation);
  static StatusOr<std::unique_ptr<Model>> openChosen(std::shared_ptr<const Package> package,
                                                     std::span<const BackendReference> backends,
                                                     const std::vector<std::string> &refused,
                                                     const ModelOptions &options);
  std::unique_ptr<Implementation> implementation_;
};

} // namespace cria
