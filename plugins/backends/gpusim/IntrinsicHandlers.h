// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How an intrinsic is replaced. Each handler builds the replacement before the call and returns the value
// that takes its place (null for void); one of another type than the call's means that the form is not known.
#pragma once

#include "plugins/backends/gpusim/Lowering.h"

#include "llvm/IR/Intrinsics.h"

namespace cria::gpusim {

/// What a handler needs beyond the call; the handlers say which members they use.
struct Replacement {
  Collective collective = Collective::WarpSync;
  uint32_t argument = 0;
  llvm::Intrinsic::ID intrinsic = llvm::Intrinsic::not_intrinsic;
  const char *function = nullptr; // of the runtime, without "cria_sim_"
  bool flush = false;             // subnormal operands and results become zero
};

using IntrinsicHandler = llvm::Value *(*)(KernelLowering &, llvm::IRBuilderBase &, llvm::CallInst &,
                                          const Replacement &);

/// A member of Thread at offset `argument`.
llvm::Value *readRegister(KernelLowering &, llvm::IRBuilderBase &, llvm::CallInst &, const Replacement &);
llvm::Value *replaceByConstant(KernelLowering &, llvm::IRBuilderBase &, llvm::CallInst &,
                               const Replacement &);
llvm::Value *removeCall(KernelLowering &, llvm::IRBuilderBase &, llvm::CallInst &, const Replacement &);
/// `collective` with `argument`; operands and results go through the slot.
llvm::Value *callCollective(KernelLowering &, llvm::IRBuilderBase &, llvm::CallInst &, const Replacement &);
/// The same for (value, mask) in this order.
llvm::Value *callReduction(KernelLowering &, llvm::IRBuilderBase &, llvm::CallInst &, const Replacement &);
/// `argument`: a BarrierResult.
llvm::Value *callBarrier(KernelLowering &, llvm::IRBuilderBase &, llvm::CallInst &, const Replacement &);
/// `argument`: bytes.
llvm::Value *callCopy(KernelLowering &, llvm::IRBuilderBase &, llvm::CallInst &, const Replacement &);
llvm::Value *callCommit(KernelLowering &, llvm::IRBuilderBase &, llvm::CallInst &, const Replacement &);
/// With the number of groups as operand, or without: commits and waits for all.
llvm::Value *callWait(KernelLowering &, llvm::IRBuilderBase &, llvm::CallInst &, const Replacement &);
/// `function` with the call's operands, `flush`.
llvm::Value *callFunction(KernelLowering &, llvm::IRBuilderBase &, llvm::CallInst &, const Replacement &);
/// `intrinsic` for the call's type, `flush`.
llvm::Value *replaceByIntrinsic(KernelLowering &, llvm::IRBuilderBase &, llvm::CallInst &,
                                const Replacement &);
/// `argument`: a binary operator.
llvm::Value *replaceByOperator(KernelLowering &, llvm::IRBuilderBase &, llvm::CallInst &,
                               const Replacement &);
/// fptrunc of two operands, the first to the upper half; of one; of one to the bits of a half.
llvm::Value *convertPair(KernelLowering &, llvm::IRBuilderBase &, llvm::CallInst &, const Replacement &);
llvm::Value *convertScalar(KernelLowering &, llvm::IRBuilderBase &, llvm::CallInst &, const Replacement &);
llvm::Value *convertToHalfBits(KernelLowering &, llvm::IRBuilderBase &, llvm::CallInst &,
                               const Replacement &);

} // namespace cria::gpusim
