// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The table of supported NVPTX intrinsics: name, handler and its parameters. A name that ends with ".*" also
// matches all names with that prefix.
#include "plugins/backends/gpusim/IntrinsicHandlers.h"

namespace cria::gpusim {

using namespace llvm;

namespace {

struct Rule {
  StringRef name; // after "llvm.nvvm."
  IntrinsicHandler handler;
  Replacement with{};
};

constexpr Replacement collective(Collective kind, uint32_t argument = 0) {
  return {.collective = kind, .argument = argument};
}
constexpr Replacement argument(uint32_t value, bool flush = false) {
  return {.argument = value, .flush = flush};
}
constexpr Replacement intrinsic(Intrinsic::ID id, bool flush = false) {
  return {.intrinsic = id, .flush = flush};
}
constexpr Replacement runtime(const char *function, bool flush = false) {
  return {.function = function, .flush = flush};
}
constexpr uint32_t result(BarrierResult value) { return static_cast<uint32_t>(value); }

const Rule kRules[] = {
    // Special registers.
    {"read.ptx.sreg.tid.x", readRegister, argument(kTidOffset)},
    {"read.ptx.sreg.tid.y", readRegister, argument(kTidOffset + 4)},
    {"read.ptx.sreg.tid.z", readRegister, argument(kTidOffset + 8)},
    {"read.ptx.sreg.ntid.x", readRegister, argument(kNtidOffset)},
    {"read.ptx.sreg.ntid.y", readRegister, argument(kNtidOffset + 4)},
    {"read.ptx.sreg.ntid.z", readRegister, argument(kNtidOffset + 8)},
    {"read.ptx.sreg.ctaid.x", readRegister, argument(kCtaidOffset)},
    {"read.ptx.sreg.ctaid.y", readRegister, argument(kCtaidOffset + 4)},
    {"read.ptx.sreg.ctaid.z", readRegister, argument(kCtaidOffset + 8)},
    {"read.ptx.sreg.nctaid.x", readRegister, argument(kNctaidOffset)},
    {"read.ptx.sreg.nctaid.y", readRegister, argument(kNctaidOffset + 4)},
    {"read.ptx.sreg.nctaid.z", readRegister, argument(kNctaidOffset + 8)},
    {"read.ptx.sreg.laneid", readRegister, argument(kLaneIdOffset)},
    {"read.ptx.sreg.warpid", readRegister, argument(kWarpIdOffset)},
    {"read.ptx.sreg.warpsize", replaceByConstant, argument(kWarpSize)},

    // Barriers and fences. Fences are no-ops, since the simulator is sequentially consistent.
    {"barrier.cta.sync.*", callBarrier, argument(result(BarrierResult::none))},
    {"barrier.cta.red.popc.*", callBarrier, argument(result(BarrierResult::popCount))},
    {"barrier.cta.red.and.*", callBarrier, argument(result(BarrierResult::logicalAnd))},
    {"barrier.cta.red.or.*", callBarrier, argument(result(BarrierResult::logicalOr))},
    {"bar.warp.sync", callCollective, collective(Collective::warpSync)},
    {"membar.*", removeCall},
    {"fence.sc.cluster", removeCall},
    {"prefetch.*", removeCall},

    // Programmatic dependent launch. Dispatches run one after the other, so there is nothing to wait for.
    {"griddepcontrol.wait", removeCall},
    {"griddepcontrol.launch.dependents", removeCall},

    // Warp-wide operations.
    {"shfl.sync.up.*", callCollective, collective(Collective::shuffleUp)},
    {"shfl.sync.down.*", callCollective, collective(Collective::shuffleDown)},
    {"shfl.sync.bfly.*", callCollective, collective(Collective::shuffleXor)},
    {"shfl.sync.idx.*", callCollective, collective(Collective::shuffleIndex)},
    {"vote.all.sync", callCollective, collective(Collective::voteAll)},
    {"vote.any.sync", callCollective, collective(Collective::voteAny)},
    {"vote.uni.sync", callCollective, collective(Collective::voteUniform)},
    {"vote.ballot.sync", callCollective, collective(Collective::voteBallot)},
    {"match.any.sync.i32", callCollective, collective(Collective::matchAny)},
    {"redux.sync.add", callReduction, collective(Collective::reduceAdd)},
    {"redux.sync.and", callReduction, collective(Collective::reduceAnd)},
    {"redux.sync.or", callReduction, collective(Collective::reduceOr)},
    {"redux.sync.xor", callReduction, collective(Collective::reduceXor)},
    {"redux.sync.min", callReduction, collective(Collective::reduceMin)},
    {"redux.sync.max", callReduction, collective(Collective::reduceMax)},
    {"redux.sync.umin", callReduction, collective(Collective::reduceUMin)},
    {"redux.sync.umax", callReduction, collective(Collective::reduceUMax)},

    // Matrices.
    {"ldmatrix.sync.aligned.m8n8.x1.b16.*", callCollective, collective(Collective::loadMatrix, 1)},
    {"ldmatrix.sync.aligned.m8n8.x2.b16.*", callCollective, collective(Collective::loadMatrix, 2)},
    {"ldmatrix.sync.aligned.m8n8.x4.b16.*", callCollective, collective(Collective::loadMatrix, 4)},
    {"ldmatrix.sync.aligned.m8n8.x1.trans.b16.*", callCollective,
     collective(Collective::loadMatrix, kTransposed | 1)},
    {"ldmatrix.sync.aligned.m8n8.x2.trans.b16.*", callCollective,
     collective(Collective::loadMatrix, kTransposed | 2)},
    {"ldmatrix.sync.aligned.m8n8.x4.trans.b16.*", callCollective,
     collective(Collective::loadMatrix, kTransposed | 4)},
    {"mma.m16n8k16.row.col.f32.f32", callCollective, collective(Collective::mmaF16, 16)},
    {"mma.m16n8k8.row.col.f32.f32", callCollective, collective(Collective::mmaF16, 8)},
    {"mma.m16n8k16.row.col.bf16", callCollective, collective(Collective::mmaBf16, 16)},
    {"mma.m16n8k8.row.col.bf16", callCollective, collective(Collective::mmaBf16, 8)},

    // Asynchronous copies.
    {"cp.async.ca.shared.global.4.*", callCopy, argument(4)},
    {"cp.async.ca.shared.global.8.*", callCopy, argument(8)},
    {"cp.async.ca.shared.global.16.*", callCopy, argument(16)},
    {"cp.async.cg.shared.global.16.*", callCopy, argument(16)},
    {"cp.async.commit.group", callCommit},
    {"cp.async.wait.group", callWait},
    {"cp.async.wait.all", callWait},

    // Arithmetic.
    {"prmt", callFunction, runtime("permute")},
    {"ex2.approx.f32", replaceByIntrinsic, intrinsic(Intrinsic::exp2)},
    {"ex2.approx.ftz.f32", replaceByIntrinsic, intrinsic(Intrinsic::exp2, true)},
    {"lg2.approx.f", replaceByIntrinsic, intrinsic(Intrinsic::log2)},
    {"lg2.approx.ftz.f", replaceByIntrinsic, intrinsic(Intrinsic::log2, true)},
    {"sin.approx.f", replaceByIntrinsic, intrinsic(Intrinsic::sin)},
    {"sin.approx.ftz.f", replaceByIntrinsic, intrinsic(Intrinsic::sin, true)},
    {"cos.approx.f", replaceByIntrinsic, intrinsic(Intrinsic::cos)},
    {"cos.approx.ftz.f", replaceByIntrinsic, intrinsic(Intrinsic::cos, true)},
    {"rsqrt.approx.f", callFunction, runtime("reciprocal_root")},
    {"rsqrt.approx.ftz.f", callFunction, runtime("reciprocal_root", true)},
    {"rcp.rn.f", callFunction, runtime("reciprocal")},
    {"rcp.rn.ftz.f", callFunction, runtime("reciprocal", true)},
    {"rcp.approx.ftz.f", callFunction, runtime("reciprocal", true)},
    {"sqrt.f", replaceByIntrinsic, intrinsic(Intrinsic::sqrt)},
    {"sqrt.rn.f", replaceByIntrinsic, intrinsic(Intrinsic::sqrt)},
    {"sqrt.rn.ftz.f", replaceByIntrinsic, intrinsic(Intrinsic::sqrt, true)},
    {"sqrt.approx.f", replaceByIntrinsic, intrinsic(Intrinsic::sqrt)},
    {"sqrt.approx.ftz.f", replaceByIntrinsic, intrinsic(Intrinsic::sqrt, true)},
    {"fma.rn.f", replaceByIntrinsic, intrinsic(Intrinsic::fma)},
    {"fma.rn.ftz.f", replaceByIntrinsic, intrinsic(Intrinsic::fma, true)},
    {"fmin.f", replaceByIntrinsic, intrinsic(Intrinsic::minimumnum)},
    {"fmin.ftz.f", replaceByIntrinsic, intrinsic(Intrinsic::minimumnum, true)},
    {"fmin.nan.f", replaceByIntrinsic, intrinsic(Intrinsic::minimum)},
    {"fmin.ftz.nan.f", replaceByIntrinsic, intrinsic(Intrinsic::minimum, true)},
    {"fmax.f", replaceByIntrinsic, intrinsic(Intrinsic::maximumnum)},
    {"fmax.ftz.f", replaceByIntrinsic, intrinsic(Intrinsic::maximumnum, true)},
    {"fmax.nan.f", replaceByIntrinsic, intrinsic(Intrinsic::maximum)},
    {"fmax.ftz.nan.f", replaceByIntrinsic, intrinsic(Intrinsic::maximum, true)},
    {"fabs.f32", replaceByIntrinsic, intrinsic(Intrinsic::fabs)},
    {"fabs.ftz.f32", replaceByIntrinsic, intrinsic(Intrinsic::fabs, true)},
    {"add.rn.f", replaceByOperator, argument(Instruction::FAdd)},
    {"add.rn.ftz.f", replaceByOperator, argument(Instruction::FAdd, true)},
    {"mul.rn.f", replaceByOperator, argument(Instruction::FMul)},
    {"mul.rn.ftz.f", replaceByOperator, argument(Instruction::FMul, true)},
    {"div.rn.f", replaceByOperator, argument(Instruction::FDiv)},
    {"div.full", replaceByOperator, argument(Instruction::FDiv)},
    {"div.approx.f", replaceByOperator, argument(Instruction::FDiv)},

    // Conversions. The first operand of a pair is its upper half.
    {"ff2f16x2.rn", convertPair},
    {"ff2bf16x2.rn", convertPair},
    {"f2bf16.rn", convertScalar},
    {"f2f16.rn", convertScalar},
    {"f2h.rn", convertToHalfBits},
};

bool fits(StringRef pattern, StringRef name) {
  if (!pattern.consume_back(".*")) {
    return name == pattern;
  }
  return name.consume_front(pattern) && (name.empty() || name.front() == '.');
}

const Rule *findRule(StringRef name) {
  const Rule *rule = llvm::find_if(kRules, [&](const Rule &known) { return fits(known.name, name); });
  return rule != std::end(kRules) ? rule : nullptr;
}

} // namespace

bool lowerNvvmIntrinsic(KernelLowering &kernel, CallInst &call) {
  StringRef name = call.getCalledFunction()->getName();
  const Rule *rule = name.consume_front("llvm.nvvm.") ? findRule(name) : nullptr;
  if (rule == nullptr) {
    return false;
  }
  IRBuilder<> builder(&call);
  Value *result = rule->handler(kernel, builder, call, rule->with);
  if (!call.getType()->isVoidTy()) {
    if (result == nullptr || result->getType() != call.getType()) {
      return false;
    }
    call.replaceAllUsesWith(result);
  }
  call.eraseFromParent();
  return true;
}

} // namespace cria::gpusim
