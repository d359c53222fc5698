// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Handlers that replace intrinsics. A handler builds the replacement before the call and returns the value
// that replaces the call's result (null for void). A value of another type means that the form is not
// supported.
#pragma once

#include "plugins/backends/gpusim/Lowering.h"

#include "llvm/IR/Intrinsics.h"

namespace cria::gpusim {

/// Parameters of a handler. Each handler names the members that it uses.
struct Replacement {
  Collective collective = Collective::warpSync;
  uint32_t argument = 0;
  llvm::Intrinsic::ID intrinsic = llvm::Intrinsic::not_intrinsic;
  const char *function = nullptr; // of the runtime, without "cria_sim_"
  bool flush = false;             // subnormal operands and results become zero
};

using IntrinsicHandler = llvm::Value *(*)(KernelLowering &, llvm::IRBuilderBase &, llvm::CallInst &,
                                          const Replacement &);

/// Loads the member of Thread at offset `argument`.
llvm::Value *readRegister(KernelLowering &, llvm::IRBuilderBase &, llvm::CallInst &, const Replacement &);
llvm::Value *replaceByConstant(KernelLowering &, llvm::IRBuilderBase &, llvm::CallInst &,
                               const Replacement &);
llvm::Value *removeCall(KernelLowering &, llvm::IRBuilderBase &, llvm::CallInst &, const Replacement &);
/// Calls `collective` with `argument`; operands and results are passed in the slot.
llvm::Value *callCollective(KernelLowering &, llvm::IRBuilderBase &, llvm::CallInst &, const Replacement &);
/// The same for (value, mask) in this order.
llvm::Value *callReduction(KernelLowering &, llvm::IRBuilderBase &, llvm::CallInst &, const Replacement &);
/// `argument`: a BarrierResult.
llvm::Value *callBarrier(KernelLowering &, llvm::IRBuilderBase &, llvm::CallInst &, const Replacement &);
/// `argument`: bytes.
llvm::Value *callCopy(KernelLowering &, llvm::IRBuilderBase &, llvm::CallInst &, const Replacement &);
llvm::Value *callCommit(KernelLowering &, llvm::IRBuilderBase &, llvm::CallInst &, const Replacement &);
/// Waits for the number of groups given as operand; or commits, and waits for all groups.
llvm::Value *callWait(KernelLowering &, llvm::IRBuilderBase &, llvm::CallInst &, const Replacement &);
/// Calls `function` with the call's operands; uses `flush`.
llvm::Value *callFunction(KernelLowering &, llvm::IRBuilderBase &, llvm::CallInst &, const Replacement &);
/// Calls `intrinsic` for the call's type; uses `flush`.
llvm::Value *replaceByIntrinsic(KernelLowering &, llvm::IRBuilderBase &, llvm::CallInst &,
                                const Replacement &);
/// `argument`: a binary operator; uses `flush`.
llvm::Value *replaceByOperator(KernelLowering &, llvm::IRBuilderBase &, llvm::CallInst &,
                               const Replacement &);
/// fptrunc of two operands, the first to the upper half; of one operand; of one operand to the bits of an
/// f16.
llvm::Value *convertPair(KernelLowering &, llvm::IRBuilderBase &, llvm::CallInst &, const Replacement &);
llvm::Value *convertScalar(KernelLowering &, llvm::IRBuilderBase &, llvm::CallInst &, const Replacement &);
llvm::Value *convertToHalfBits(KernelLowering &, llvm::IRBuilderBase &, llvm::CallInst &,
                               const Replacement &);

} // namespace cria::gpusim
