// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernels of the entry `initialize`: random weights as format/RandomWeights.h defines them, and ones.
#include "format/RandomWeights.h"
#include "passes/targets/cuda/EmitterSupport.h"

#include <cstddef>

using namespace mlir;

namespace cria::cuda {
namespace {

/// Writes one source row into the weight.
class RandomFillEmitter {
public:
  RandomFillEmitter(KernelFunction &kernel, const FillSpec &spec)
      : e(kernel.emitter()), kernel(kernel), spec(spec) {}

  void emit() {
    Int row = e.blockId(0);
    Value rowKey = mix(word(offsetof(RandomSegment, tensorKey)) + row);
    Pointer to = e.atFar(kernel.buffer("weight"), destinationRow(row), spec.pitch);
    e.forEach(e.threadId(), e.constant(spec.columns), kRowThreads, [&](Int column) {
      constexpr int64_t kColumnFactor = 0x9E3779B1u;
      Value hash = mix(Int(e, rowKey) ^ (column * kColumnFactor));
      Value byte = arith::ShRSIOp::create(e, hash, e.constant(24));
      Value number = arith::SIToFPOp::create(e, e.f32(), byte);
      e.storeFloat(e.mul(number, e.floatConst(randomScale(uint64_t(spec.columns)))), to, column);
    });
  }

private:
  Int word(size_t byteOffset) {
    return e.loadInt(kernel.buffer("constants"), e.constant(int64_t(byteOffset / sizeof(uint32_t))));
  }

  Int destinationRow(Int row) {
    Value block = word(offsetof(RandomSegment, block));
    Int quotient(e, arith::DivUIOp::create(e, row, block));
    return word(offsetof(RandomSegment, firstRow)) + quotient * word(offsetof(RandomSegment, stride)) +
           Int(e, arith::RemUIOp::create(e, row, block));
  }

  // mix32() of RandomWeights.h.
  Value mix(Int h) {
    constexpr int64_t kFirstFactor = 0x85EBCA6B, kSecondFactor = 0xC2B2AE35;
    auto shifted = [&](Int value, int64_t bits) {
      return value ^ Int(e, arith::ShRUIOp::create(e, value, e.constant(bits)));
    };
    return shifted(shifted(shifted(h, 16) * kFirstFactor, 13) * kSecondFactor, 16);
  }

  DeviceEmitter &e;
  KernelFunction &kernel;
  const FillSpec &spec;
};

} // namespace

std::string FillSpec::name() const {
  return llvm::formatv("{0}_k{1}_{2}_p{3}", ones ? "fill_ones" : "fill_random", columns, nameOf(type), pitch);
}

std::vector<std::string> FillSpec::bindings() const {
  return ones ? std::vector<std::string>{"weight"} : std::vector<std::string>{"constants", "weight"};
}

void emitFill(ModuleOp kernels, const FillSpec &spec) {
  OpBuilder types(kernels.getContext());
  Parameter weight = {"weight", mlirType(types.getContext(), spec.type), /*written=*/true};
  if (!spec.ones) {
    KernelFunction kernel(kernels, spec.name(), {{"constants", types.getI32Type()}, weight}, kRowThreads);
    RandomFillEmitter(kernel, spec).emit();
    return;
  }
  KernelFunction kernel(kernels, spec.name(), {weight}, kRowThreads);
  DeviceEmitter &e = kernel.emitter();
  Pointer to = e.atFar(kernel.buffer("weight"), e.blockId(0), spec.pitch);
  e.forEach(e.threadId(), e.constant(spec.columns), kRowThreads,
            [&](Int column) { e.storeFloat(e.floatConst(1.0), to, column); });
}

} // namespace cria::cuda
