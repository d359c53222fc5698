// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/targets/cpu/DensePanels.h"

#include "ir/ElementTypes.h"

using namespace mlir;

namespace cria::cpu {

static constexpr int64_t kDensePrefetch = 2048; // bytes

DensePanels::DensePanels(Emitter &emitter, const Isa &isa, const LinearSpec &spec, Value weight)
    : e_(emitter), weight_(weight), columns_(spec.inputs),
      elementBytes_(int64_t(sizeOf(traitsOf(spec.weight).element))), isBfloat_(spec.hasBfloatInputs()),
      hasPairs_(isBfloat_ && isa.dotBfloat) {}

int64_t DensePanels::vectors() const {
  return hasPairs_ ? llvm::divideCeil(columns_, 2) : isBfloat_ ? llvm::alignTo(columns_, 2) : columns_;
}

/// Zeros where a panel has no such column.
Value DensePanels::column(Index panel, Index column) {
  if (!isBfloat_ || columns_ % 2 == 0) {
    return e_.load(weight_, start(panel) + column * kLanes);
  }
  Value values = e_.load(weight_, start(panel) + column.min(columns_ - 1) * kLanes);
  return e_.select(column < e_.index(columns_), values, e_.splat(0));
}

/// Two columns, the values of a row side by side.
Value DensePanels::pair(Index panel, Index pair) {
  Type bits = e_.getI16Type();
  auto asBits = [&](Value values, int64_t lanes) { return e_.bitcast(values, e_.vectorOf(bits, lanes)); };
  Value both;
  if (columns_ % 2 == 0) {
    both = asBits(e_.loadRaw(weight_, start(panel) + pair * (2 * kLanes), 2 * kLanes), 2 * kLanes);
  } else {
    auto half = [&](Index column) {
      return asBits(e_.narrow(this->column(panel, column), e_.getBF16Type()), kLanes);
    };
    both = e_.concat(half(pair * 2), half(pair * 2 + 1));
  }
  return e_.bitcast(e_.interleaveHalves(both), e_.vectorOf(e_.f32()));
}

Value DensePanels::load(Index panel, Index vector) {
  return hasPairs_ ? pair(panel, vector) : column(panel, vector);
}

Value DensePanels::multiply(Value words, Value vector, Value sums) {
  if (!hasPairs_) {
    return e_.fma(words, vector, sums);
  }
  VectorType pairs = e_.vectorOf(e_.getBF16Type(), 2 * kLanes);
  return e_.intrinsic("llvm.x86.avx512bf16.dpbf16ps.512", sums.getType(),
                      {sums, e_.bitcast(words, pairs), e_.bitcast(vector, pairs)});
}

void DensePanels::prefetch(Index panel, Index vector, int64_t count) {
  const int64_t elements = hasPairs_ ? 2 * kLanes : kLanes, elementsPerLine = kLineBytes / elementBytes_;
  for (int64_t at = 0; at < count * elements; at += elementsPerLine) {
    e_.prefetch(weight_, start(panel) + vector * elements + (at + kDensePrefetch / elementBytes_));
  }
}

} // namespace cria::cpu
