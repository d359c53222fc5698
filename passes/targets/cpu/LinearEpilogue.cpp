// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/targets/cpu/LinearEpilogue.h"

#include "passes/targets/cpu/VectorMath.h"

using namespace mlir;

namespace cria::cpu {

void LinearEpilogue::finish(ArrayRef<Value> sums, Index row, Index firstPanel) {
  const auto count = int64_t(sums.size());
  switch (spec_.activation) {
  case llama::Activation::none:
    for (int64_t p = 0; p < count; ++p) {
      storeColumns(sums[p], row, firstPanel * kLanes + p * kLanes);
    }
    break;
  case llama::Activation::swiglu:
    for (int64_t pair = 0; pair < count / 2; ++pair) {
      Value activated = e_.mul(emitSilu(e_, sums[2 * pair]), sums[2 * pair + 1]);
      storeColumns(activated, row, firstPanel * (kLanes / 2) + pair * kLanes);
    }
    break;
  }
}

void LinearEpilogue::storeColumns(Value sum, Index row, Index column) {
  int64_t columnsPerGroup =
      spec_.weightRowsPerGroup() / (spec_.activation == llama::Activation::none ? 1 : 2);
  bool ragged = spec_.outputs % columnsPerGroup != 0;
  Value mask = ragged ? e_.laneBelow(e_.index(spec_.outputs) - column) : Value();
  if (spec_.residual) {
    Index at = row * strideOf(spec_.residualStride, spec_.outputs) + column;
    Value residual = kernel_.buffer("residual");
    sum = e_.add(sum, ragged ? e_.loadMasked(residual, at, mask) : e_.load(residual, at));
  }
  Value output = kernel_.buffer("output");
  Index at = row * strideOf(spec_.outputStride, spec_.outputs) + column;
  ragged ? e_.storeMasked(sum, output, at, mask) : e_.store(sum, output, at);
}

} // namespace cria::cpu
