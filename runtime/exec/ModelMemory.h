// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ModelMemory: the memory of an opened model, that is, weights, arena, step buffer, result, constants and
// KV pages.
#pragma once

#include "runtime/exec/CommandBuffers.h"
#include "runtime/exec/HostMemory.h"
#include "runtime/exec/KvPool.h"
#include "runtime/exec/Model.h"
#include "runtime/exec/WeightBuffers.h"

namespace cria {

/// The number of pages of the pool, and the maximum length of a sequence in positions.
struct KvPlan {
  uint32_t numPages = 0;
  uint32_t context = 0;
};

/// Follows options.context and options.kvMemoryBytes (see ModelOptions). Errors: invalidArgument if the
/// context is longer than the package was compiled for, or the memory is smaller than one page.
StatusOr<KvPlan> planKv(const Program &program, const ModelOptions &options);

/// The memory of a device in bytes; 0: unknown.
struct DeviceMemory {
  std::string name;
  uint64_t totalBytes = 0;
  uint64_t freeBytes = 0;
};

/// Checks that a program fits into the memory, before anything is read or allocated. Errors: outOfMemory
/// with the required bytes, for what, and the free bytes.
Status checkFits(const Program &program, const KvPlan &plan, const DeviceMemory &memory);

/// What a program takes of the host's memory. isHost: the device uses it. canImport: it uses weights in
/// place.
HostMemoryUse hostMemoryUse(const Program &program, const KvPlan &plan, bool isHost, bool canImport);

/// Owns all buffers of a program on a device. Implements the page operations of the KV pool. Not
/// thread-safe; callers serialize. Program and device outlive it.
class ModelMemory : public PageOperations {
public:
  static StatusOr<std::unique_ptr<ModelMemory>> allocate(const Package &package, const Program &program,
                                                         Device &device, const KvPlan &plan,
                                                         const WeightBuffers::Progress &progress);

  const BoundBuffers &bound() const { return bound_; }
  const DeviceBuffer &arena() const { return arena_; }
  const DeviceBuffer &step() const { return step_; }
  const DeviceBuffer &result() const { return result_; }
  const MemoryUse &use() const { return use_; }
  /// Fills arena and result with NaN.
  Status poisonBuffers();
  /// Returns whether a page holds an infinity or NaN of the type of the cache.
  StatusOr<bool> hasOverflow(uint32_t page);

  Status zeroPage(uint32_t page) override;
  Status copyPage(uint32_t destination, uint32_t source) override;

private:
  ModelMemory(const Program &program, Device &device) : program_(program), device_(device) {}
  Status loadWeights(const Package &package, const WeightBuffers::Progress &progress);
  Status allocateBuffers();
  Status allocateConstant(const ProgramBuffer &buffer);
  Status allocateKv(uint32_t numPages);

  const Program &program_;
  Device &device_;
  WeightBuffers weights_;
  DeviceBuffer arena_, step_, result_, kv_;
  std::vector<DeviceBuffer> constants_;
  BoundBuffers bound_;
  MemoryUse use_;
};

} // namespace cria
