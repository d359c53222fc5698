// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The memory of an opened model: weights, arena, step, result, constants and KV pages, bound to the program's
// names.
#pragma once

#include "runtime/exec/KvPool.h"
#include "runtime/exec/Model.h"
#include "runtime/exec/Recordings.h"
#include "runtime/exec/WeightBuffers.h"

namespace cria {

/// How many pages the pool has, and how long a sequence may get.
struct KvPlan {
  uint32_t numPages = 0;
  uint32_t context = 0;
};

/// From options.context and options.kvMemoryBytes (see ModelOptions). Errors: INVALID_ARGUMENT when the
/// context is longer than compiled for, or the memory is less than one page.
StatusOr<KvPlan> planKv(const Program &program, const ModelOptions &options);

/// What a device tells about its memory; 0: unknown.
struct DeviceMemory {
  std::string name;
  uint64_t totalBytes = 0;
  uint64_t freeBytes = 0;
};

/// Whether a program fits, before anything is read or allocated. Errors: OUT_OF_MEMORY with what is needed,
/// for what, and what is free.
Status checkFits(const Program &program, const KvPlan &plan, const DeviceMemory &memory);

/// Everything allocated for a program on a device. Is itself the pool's access to pages.
class ModelMemory : public PageOperations {
public:
  static StatusOr<std::unique_ptr<ModelMemory>> allocate(const Package &package, const Program &program,
                                                         Device &device, const KvPlan &plan,
                                                         const WeightBuffers::Progress &progress);

  const BoundBuffers &bound() const { return bound_; }
  const DeviceBuffer &step() const { return step_; }
  const DeviceBuffer &result() const { return result_; }
  const MemoryUse &use() const { return use_; }
  /// NaN in every word of arena and result.
  Status poison();

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
