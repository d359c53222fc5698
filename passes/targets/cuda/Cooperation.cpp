// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Cooperation of the threads of a warp or block: positions, barriers, shuffles, asynchronous copies and
// tensor-core instructions.
#include "passes/targets/cuda/DeviceEmitter.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;

namespace cria::cuda {

using Values = DeviceEmitter::Values;

Index DeviceEmitter::threadId() { return Index(*this, NVVM::ThreadIdXOp::create(*this, i32())); }

Index DeviceEmitter::blockId(int dimension) {
  Value id = dimension == 0   ? Value(NVVM::BlockIdXOp::create(*this, i32()))
             : dimension == 1 ? Value(NVVM::BlockIdYOp::create(*this, i32()))
                              : Value(NVVM::BlockIdZOp::create(*this, i32()));
  return Index(*this, id);
}

void DeviceEmitter::barrier() { gpu::BarrierOp::create(*this); }

void DeviceEmitter::syncWarp() { NVVM::SyncWarpOp::create(*this, constant(-1)); }

Value DeviceEmitter::shuffleXor(Value value, int64_t distance) {
  return gpu::ShuffleOp::create(*this, value, constant(distance), constant(kWarp), gpu::ShuffleMode::XOR)
      .getShuffleResult();
}

Value DeviceEmitter::sumOverLanes(Value value, int64_t width) {
  for (int64_t distance = width / 2; distance > 0; distance /= 2) {
    value = add(value, shuffleXor(value, distance));
  }
  return value;
}

Value DeviceEmitter::maxOverLanes(Value value, int64_t width) {
  for (int64_t distance = width / 2; distance > 0; distance /= 2) {
    value = max(value, shuffleXor(value, distance));
  }
  return value;
}

void DeviceEmitter::copyAsync(Pointer destination, Pointer source) {
  constexpr int64_t kBytes = 16;
  NVVM::CpAsyncOp::create(*this, destination.address, source.address, getI32IntegerAttr(kBytes),
                          NVVM::LoadCacheModifierKindAttr::get(getContext(), NVVM::LoadCacheModifierKind::CG),
                          Value());
}

void DeviceEmitter::commitCopies() { NVVM::CpAsyncCommitGroupOp::create(*this); }
void DeviceEmitter::waitForCopies(int64_t pending) {
  NVVM::CpAsyncWaitGroupOp::create(*this, getI32IntegerAttr(pending));
}

void DeviceEmitter::launchDependents() {
  NVVM::GriddepcontrolOp::create(*this, NVVM::GridDepActionKind::launch_dependents);
}
void DeviceEmitter::waitForDependencies() {
  NVVM::GriddepcontrolOp::create(*this, NVVM::GridDepActionKind::wait);
}

static Values unpack(DeviceEmitter &e, Value structure, int64_t count) {
  Values values;
  for (int64_t i = 0; i < count; ++i) {
    values.push_back(LLVM::ExtractValueOp::create(e, structure, ArrayRef<int64_t>(i)));
  }
  return values;
}

Values DeviceEmitter::loadMatrices(Pointer row, bool transposed) {
  constexpr int64_t kMatrices = 4, kSide = 8;
  auto type = LLVM::LLVMStructType::getLiteral(getContext(), SmallVector<Type>(kMatrices, i32()));
  auto layout =
      NVVM::MMALayoutAttr::get(getContext(), transposed ? NVVM::MMALayout::col : NVVM::MMALayout::row);
  auto shape = NVVM::LdStMatrixShapeAttr::get(getContext(), kSide, kSide);
  auto element = NVVM::LdStMatrixEltTypeAttr::get(getContext(), NVVM::LdStMatrixEltType::B16);
  Value matrices = NVVM::LdMatrixOp::create(*this, type, row.address, getI32IntegerAttr(kMatrices), layout,
                                            shape, element);
  return unpack(*this, matrices, kMatrices);
}

Values DeviceEmitter::multiplyTile(ArrayRef<Value> a, ArrayRef<Value> b, ArrayRef<Value> c, Type element) {
  constexpr int64_t kShape[] = {16, 8, 16};
  auto type = LLVM::LLVMStructType::getLiteral(getContext(), SmallVector<Type>(kResults, f32()));
  bool isHalf = element.isF16();
  // Registers of f16 pairs are typed as such, those of bf16 pairs as words.
  auto operands = [&](ArrayRef<Value> registers) {
    Values typed;
    for (Value word : registers) {
      typed.push_back(isHalf ? bitcast(word, vectorOf(element, 2)) : word);
    }
    return typed;
  };
  auto ptxType = isHalf ? NVVM::MMATypes::f16 : NVVM::MMATypes::bf16;
  Value result =
      NVVM::MmaOp::create(*this, type, operands(a), operands(b), c, kShape, std::nullopt, std::nullopt,
                          std::array<NVVM::MMATypes, 2>{ptxType, ptxType},
                          std::array<NVVM::MMALayout, 2>{NVVM::MMALayout::row, NVVM::MMALayout::col});
  return unpack(*this, result, kResults);
}

} // namespace cria::cuda
