// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cria-device-check/EmitCeilingKernels.h"

#include "passes/targets/cuda/DeviceEmitter.h"
#include "tools/cria-device-check/CeilingKernels.h"

using namespace mlir;

namespace cria::check {
namespace {

using namespace cuda;
using Values = DeviceEmitter::Values;

constexpr int64_t kLoadWords = ReadKernel::kLoadBytes / sizeof(uint32_t);
constexpr int64_t kLineWords = ChainKernel::kLineBytes / sizeof(uint32_t);

struct CeilingSpec {
  std::string symbol;
  std::vector<std::string> operands;
  std::string name() const { return symbol; }
  std::vector<std::string> bindings() const { return operands; }
};

Index argument(KernelFunction &kernel, int64_t number) {
  return kernel.emitter().loadInt(kernel.buffer("arguments"), kernel.emitter().constant(number));
}

/// The number of this thread in the grid.
Index threadOfGrid(DeviceEmitter &e, int64_t threads) { return e.blockId(0) * threads + e.threadId(); }

Value exclusiveOr(DeviceEmitter &e, ArrayRef<Value> values) {
  Value result = values.front();
  for (Value value : values.drop_front()) {
    result = arith::XOrIOp::create(e, result, value);
  }
  return result;
}

/// Loads one vector from every multiple of `stride` words.
Values loadEach(DeviceEmitter &e, Pointer memory, Index first, Index stride, int64_t count) {
  Values loaded;
  for (int64_t i = 0; i < count; ++i) {
    loaded.push_back(e.load(memory, first + stride * i, kLoadWords));
  }
  return loaded;
}

/// The exclusive or of what a round has loaded is zero, which no compiler knows: added to the next addresses
/// it keeps the loads of two rounds apart.
void emitRead(ModuleOp kernels, const ReadKernel &read) {
  Type word = IntegerType::get(kernels.getContext(), 32);
  KernelFunction kernel(kernels, CeilingSpec{read.name(), {"arguments", "memory", "output"}},
                        {{"arguments", word}, {"memory", word}, {"output", word, /*written=*/true}},
                        ReadKernel::kThreads, /*blocksPerSm=*/ReadKernel::kMostBlocksPerSm);
  DeviceEmitter &e = kernel.emitter();
  Index rounds = argument(kernel, 0), stride = argument(kernel, 1);
  Index first = threadOfGrid(e, ReadKernel::kThreads) * kLoadWords;
  Value none = e.zeroOf(e.vectorOf(word, kLoadWords));
  Values sums =
      e.loop(e.constant(0), rounds, 1, {none, e.constant(0)}, [&](Index round, ArrayRef<Value> carried) {
        Index start = first + round * (stride * read.loads) + Index(e, carried[1]);
        Value sum = exclusiveOr(e, loadEach(e, kernel.buffer("memory"), start, stride, read.loads));
        return Values{exclusiveOr(e, {carried[0], sum}), e.lane(sum, 0)};
      });
  e.store(sums[0], kernel.buffer("output"), first);
}

void emitEmpty(ModuleOp kernels) {
  const KernelFunction kernel(kernels, CeilingSpec{EmptyKernel::kName, {}}, {}, EmptyKernel::kThreads);
}

void emitEmptyProgrammatic(ModuleOp kernels) {
  KernelFunction kernel(kernels, CeilingSpec{EmptyKernel::kProgrammaticName, {}}, {}, EmptyKernel::kThreads);
  kernel.emitter().launchDependents();
  kernel.emitter().waitForDependencies();
}

void emitChain(ModuleOp kernels) {
  Type word = IntegerType::get(kernels.getContext(), 32);
  KernelFunction kernel(kernels, CeilingSpec{ChainKernel::kName, {"arguments", "chain"}},
                        {{"arguments", word}, {"chain", word, /*written=*/true}}, ChainKernel::kThreads);
  DeviceEmitter &e = kernel.emitter();
  Index lines = argument(kernel, 0), step = argument(kernel, 1);
  Index line = threadOfGrid(e, ChainKernel::kThreads), next = line + step;
  Index wrapped(e, e.select(next < lines, next, next - lines));
  e.store(wrapped * kLineWords, kernel.buffer("chain"), line * kLineWords);
}

void emitChase(ModuleOp kernels) {
  Type word = IntegerType::get(kernels.getContext(), 32);
  KernelFunction kernel(
      kernels, CeilingSpec{ChaseKernel::kName, {"arguments", "chain", "state"}},
      {{"arguments", word}, {"chain", word}, {"state", word, /*written=*/true, /*shared=*/true}},
      ChaseKernel::kThreads);
  DeviceEmitter &e = kernel.emitter();
  e.ifThen(e.threadId() == 0, [&] {
    Index zero = e.constant(0);
    Value start = e.load(kernel.buffer("state"), zero);
    Values end = e.loop(zero, argument(kernel, 0), 1, {start}, [&](Index, ArrayRef<Value> carried) {
      return Values{e.load(kernel.buffer("chain"), Index(e, carried[0]))};
    });
    e.store(end[0], kernel.buffer("state"), zero);
  });
}

/// Two f16 numbers from 0.09 to 0.125 in a word, others in every thread and for every `number`: sums stay
/// finite, and the multipliers have bits to switch.
Value halves(DeviceEmitter &e, int64_t number) {
  constexpr int64_t kFactor = 0x01230457, kLowBits = 0x01FF01FF, kSmallest = 0x2E002E00;
  return ((e.threadId() * (kFactor * (2 * number + 1))) & kLowBits) ^ e.constant(kSmallest);
}

Values halvesFrom(DeviceEmitter &e, int64_t first, int64_t count) {
  Values words;
  for (int64_t i = first; i < first + count; ++i) {
    words.push_back(halves(e, i));
  }
  return words;
}

void emitMma(ModuleOp kernels) {
  constexpr int64_t kLeftWords = 4, kRightWords = 2; // of a thread
  Type word = IntegerType::get(kernels.getContext(), 32), f16 = Float16Type::get(kernels.getContext());
  Type f32 = Float32Type::get(kernels.getContext());
  KernelFunction kernel(kernels, CeilingSpec{MmaKernel::kName, {"arguments", "output"}},
                        {{"arguments", word}, {"output", f32, /*written=*/true}}, MmaKernel::kThreads);
  DeviceEmitter &e = kernel.emitter();
  const Values left = halvesFrom(e, 0, kLeftWords);
  const Values right = halvesFrom(e, kLeftWords, kRightWords * MmaKernel::kChains);
  const Values zeros(MmaKernel::kChains * kResults, e.floatConst(0));
  const auto round = [&](Index, ArrayRef<Value> carried) {
    Values sums;
    for (int64_t chain = 0; chain < MmaKernel::kChains; ++chain) {
      sums.append(e.multiplyTile(left, ArrayRef(right).slice(chain * kRightWords, kRightWords),
                                 carried.slice(chain * kResults, kResults), f16));
    }
    return sums;
  };
  const Values sums = e.loop(e.constant(0), argument(kernel, 0), 1, zeros, round);
  Value total = sums[0];
  for (Value sum : ArrayRef(sums).drop_front()) {
    total = e.add(total, sum);
  }
  e.store(total, kernel.buffer("output"), threadOfGrid(e, MmaKernel::kThreads));
}

} // namespace

void emitCeilingKernels(ModuleOp kernels, bool hasProgrammaticLaunch) {
  for (uint32_t loads : ReadKernel::kLoads) {
    emitRead(kernels, {loads});
  }
  emitEmpty(kernels);
  emitChain(kernels);
  emitChase(kernels);
  emitMma(kernels);
  if (hasProgrammaticLaunch) {
    emitEmptyProgrammatic(kernels);
  }
}

} // namespace cria::check
