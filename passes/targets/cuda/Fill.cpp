// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernels of the entry point `initialize`: random weights as format/RandomWeights.h defines them, and ones.
#include "format/RandomWeights.h"
#include "passes/targets/cuda/StepRows.h"

#include <cstddef>

using namespace mlir;

namespace cria::cuda {
namespace {

/// Writes one source row into the weight.
class RandomFillEmitter {
public:
  RandomFillEmitter(KernelFunction &kernel, const FillSpec &spec)
      : e_(kernel.emitter()), kernel_(kernel), spec_(spec) {}

  void emit() {
    Index row = e_.blockId(0);
    Value rowKey = mix(word(offsetof(RandomSegment, tensorKey)) + row);
    Pointer to = e_.atFar(kernel_.buffer("weight"), destinationRow(row), spec_.pitch);
    e_.forEach(e_.threadId(), e_.constant(spec_.columns), kRowThreads, [&](Index column) {
      constexpr int64_t kColumnFactor = 0x9E3779B1u;
      Value hash = mix(Index(e_, rowKey) ^ (column * kColumnFactor));
      Value byte = arith::ShRSIOp::create(e_, hash, e_.constant(24));
      Value number = arith::SIToFPOp::create(e_, e_.f32(), byte);
      e_.storeFloat(e_.mul(number, e_.floatConst(randomScale(uint64_t(spec_.columns)))), to, column);
    });
  }

private:
  Index word(size_t byteOffset) {
    return e_.loadInt(kernel_.buffer("constants"), e_.constant(int64_t(byteOffset / sizeof(uint32_t))));
  }

  Index destinationRow(Index row) {
    Value block = word(offsetof(RandomSegment, block));
    Index quotient(e_, arith::DivUIOp::create(e_, row, block));
    return word(offsetof(RandomSegment, firstRow)) + quotient * word(offsetof(RandomSegment, stride)) +
           Index(e_, arith::RemUIOp::create(e_, row, block));
  }

  // mix32() of RandomWeights.h.
  Value mix(Index h) {
    constexpr int64_t kFirstFactor = 0x85EBCA6B, kSecondFactor = 0xC2B2AE35;
    auto shifted = [&](Index value, int64_t bits) {
      return value ^ Index(e_, arith::ShRUIOp::create(e_, value, e_.constant(bits)));
    };
    return shifted(shifted(shifted(h, 16) * kFirstFactor, 13) * kSecondFactor, 16);
  }

  DeviceEmitter &e_;
  KernelFunction &kernel_;
  const FillSpec &spec_;
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
  KernelFunction kernel(kernels, spec,
                        {{"constants", types.getI32Type()},
                         {"weight", mlirType(types.getContext(), spec.type), /*written=*/true}},
                        kRowThreads);
  if (!spec.ones) {
    RandomFillEmitter(kernel, spec).emit();
    return;
  }
  DeviceEmitter &e = kernel.emitter();
  Pointer to = e.atFar(kernel.buffer("weight"), e.blockId(0), spec.pitch);
  e.forEach(e.threadId(), e.constant(spec.columns), kRowThreads,
            [&](Index column) { e.storeFloat(e.floatConst(1.0), to, column); });
}

} // namespace cria::cuda
