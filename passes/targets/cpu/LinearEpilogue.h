// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What linear kernels do with complete sums: activation, then residual, then the store.
#pragma once

#include "passes/targets/cpu/Emitter.h"
#include "passes/targets/cpu/Kernels.h"

namespace cria::cpu {

class LinearEpilogue {
public:
  LinearEpilogue(KernelFunction &kernel, const LinearSpec &spec)
      : e_(kernel.emitter()), kernel_(kernel), spec_(spec) {}

  /// Writes the outputs of panels [firstPanel, firstPanel + sums.size()) for a row. With Swiglu, `firstPanel`
  /// and the number of sums are even.
  void finish(llvm::ArrayRef<mlir::Value> sums, Index row, Index firstPanel);

private:
  void storeColumns(mlir::Value sum, Index row, Index column);

  Emitter &e_;
  KernelFunction &kernel_;
  const LinearSpec &spec_;
};

} // namespace cria::cpu
