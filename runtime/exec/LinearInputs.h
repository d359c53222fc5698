// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// LinearInputs: runs a step in parts that end before a linear layer, and passes the input of that layer on. A
// program names the operands of its linear layers `input` and `weight`, whatever the target.
#pragma once

#include "runtime/exec/CommandBuffers.h"
#include "runtime/exec/ModelMemory.h"

namespace cria {

/// All arguments outlive this object. Not thread-safe; callers serialize.
class LinearInputs {
public:
  LinearInputs(const Program &program, const CommandBuffers &commandBuffers, Device &device,
               const ModelMemory &memory)
      : program_(program), commandBuffers_(commandBuffers), device_(device), memory_(memory) {}

  /// Runs all dispatches of `step` in order; see Model::observeLinears(). numRows: T without padding rows.
  /// cancelled: may be null.
  Status run(const CommandBuffer &step, size_t numRows, const LinearObserver &observer,
             const int32_t *cancelled) const;

private:
  Status observe(const CommandBuffer &step, const ProgramDispatch &dispatch, size_t numRows,
                 const LinearObserver &observer) const;
  /// Copies the first rows of a binding, one after the other.
  StatusOr<std::vector<float>> readRows(const ProgramBinding &binding, uint64_t rows) const;

  const Program &program_;
  const CommandBuffers &commandBuffers_;
  Device &device_;
  const ModelMemory &memory_;
};

} // namespace cria
