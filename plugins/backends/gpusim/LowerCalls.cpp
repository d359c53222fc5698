// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Lowers calls in kernels: NVPTX intrinsics that are in the table, and LLVM intrinsics that access no memory
// or have been lowered as accesses. Any other call is an error that names it.
#include "plugins/backends/gpusim/Lowering.h"

#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"

namespace cria::gpusim {

using namespace llvm;

static std::string unknownText(const KernelLowering &kernel, const CallBase &call) {
  const std::string user = ("kernel '" + kernel.function.getName() + "'").str();
  if (call.isInlineAsm()) {
    return "inline assembly is not supported, used by " + user + ": " +
           cast<InlineAsm>(call.getCalledOperand())->getAsmString().str();
  }
  const Function *callee = call.getCalledFunction();
  if (callee == nullptr) {
    return "calls through pointers are not supported, used by " + user;
  }
  return ("unsupported " + Twine(callee->isIntrinsic() ? "intrinsic" : "function") + " '" +
          callee->getName() + "' used by " + user)
      .str();
}

/// Returns whether the intrinsic is a hint without an effect.
static bool isRemovable(Intrinsic::ID id) {
  switch (id) {
  case Intrinsic::assume:
  case Intrinsic::prefetch:
  case Intrinsic::lifetime_start:
  case Intrinsic::lifetime_end:
  case Intrinsic::invariant_start:
  case Intrinsic::invariant_end:
  case Intrinsic::experimental_noalias_scope_decl:
  case Intrinsic::sideeffect:
  case Intrinsic::donothing:
    return true;
  default:
    return false;
  }
}

static bool isSmallFloat(const Type *type) {
  const Type *scalar = type->getScalarType();
  return scalar->isHalfTy() || scalar->isBFloatTy();
}

/// The GPU always fuses multiply and add.
static void fuse(CallInst &call) {
  IRBuilder<> builder(&call);
  Value *fused =
      builder.CreateIntrinsic(Intrinsic::fma, {call.getType()},
                              {call.getArgOperand(0), call.getArgOperand(1), call.getArgOperand(2)});
  call.replaceAllUsesWith(fused);
  call.eraseFromParent();
}

/// Returns false if the call is not supported.
static bool lowerLlvmIntrinsic(KernelLowering &kernel, IntrinsicInst &call) {
  const Intrinsic::ID id = call.getIntrinsicID();
  if (isRemovable(id)) {
    if (!call.use_empty()) {
      call.replaceAllUsesWith(PoisonValue::get(call.getType()));
    }
    call.eraseFromParent();
    return true;
  }
  if ((id == Intrinsic::fma || id == Intrinsic::fmuladd) && isSmallFloat(call.getType())) {
    lowerSmallFma(kernel, call);
    return true;
  }
  if (id == Intrinsic::fmuladd) {
    fuse(call);
    return true;
  }
  return isa<MemIntrinsic>(call) || call.doesNotAccessMemory();
}

static bool lowerCall(KernelLowering &kernel, CallInst &call) {
  const Function *callee = call.getCalledFunction();
  if (callee == nullptr) {
    return false;
  }
  if (callee->getName().starts_with("llvm.nvvm.")) {
    return lowerNvvmIntrinsic(kernel, call);
  }
  auto *intrinsic = dyn_cast<IntrinsicInst>(&call);
  return intrinsic != nullptr ? lowerLlvmIntrinsic(kernel, *intrinsic)
                              : callee->getName().starts_with("cria_sim_");
}

void lowerCalls(KernelLowering &kernel) {
  SmallVector<CallBase *> calls;
  for (Instruction &instruction : instructions(kernel.function)) {
    if (auto *call = dyn_cast<CallBase>(&instruction)) {
      calls.push_back(call);
    }
  }
  for (CallBase *call : calls) {
    const std::string unknown = unknownText(kernel, *call); // before the call may be erased
    auto *plain = dyn_cast<CallInst>(call);
    if (plain == nullptr || !lowerCall(kernel, *plain)) {
      kernel.error = unknown;
      return;
    }
  }
}

static Value *bitsOf(IRBuilderBase &builder, Value *value) {
  return builder.CreateZExt(builder.CreateBitCast(value, builder.getInt16Ty()), builder.getInt32Ty());
}

static Value *smallFma(KernelLowering &kernel, IRBuilderBase &builder, Value *a, Value *b, Value *c) {
  Type *type = a->getType();
  Value *bits = kernel.callRuntime(builder, type->isHalfTy() ? "fma_f16" : "fma_bf16", builder.getInt32Ty(),
                                   {bitsOf(builder, a), bitsOf(builder, b), bitsOf(builder, c)});
  return builder.CreateBitCast(builder.CreateTrunc(bits, builder.getInt16Ty()), type);
}

void lowerSmallFma(KernelLowering &kernel, CallInst &call) {
  IRBuilder<> builder(&call);
  Value *a = call.getArgOperand(0);
  Value *b = call.getArgOperand(1);
  Value *c = call.getArgOperand(2);
  Value *result = nullptr;
  if (auto *vector = dyn_cast<FixedVectorType>(call.getType())) {
    result = PoisonValue::get(vector);
    for (uint64_t i = 0; i < vector->getNumElements(); ++i) {
      Value *element = smallFma(kernel, builder, builder.CreateExtractElement(a, i),
                                builder.CreateExtractElement(b, i), builder.CreateExtractElement(c, i));
      result = builder.CreateInsertElement(result, element, i);
    }
  } else {
    result = smallFma(kernel, builder, a, b, c);
  }
  call.replaceAllUsesWith(result);
  call.eraseFromParent();
}

} // namespace cria::gpusim
