// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Collectives pass operands and results through memory, so that the runtime does not depend on their types.
#include "plugins/backends/gpusim/IntrinsicHandlers.h"

namespace cria::gpusim {

using namespace llvm;

constexpr uint64_t kWordBytes = sizeof(uint32_t);

static Value *memberOf(KernelLowering &kernel, IRBuilderBase &builder, uint64_t offset) {
  return builder.CreateConstGEP1_64(builder.getInt8Ty(), kernel.thread, offset);
}

static Value *wordOf(KernelLowering &kernel, IRBuilderBase &builder, uint64_t word) {
  return builder.CreateConstGEP1_64(builder.getInt8Ty(), kernel.slot(), word * kWordBytes);
}

Value *readRegister(KernelLowering &kernel, IRBuilderBase &builder, CallInst &call, const Replacement &with) {
  return builder.CreateLoad(call.getType(), memberOf(kernel, builder, with.argument));
}

Value *replaceByConstant(KernelLowering &, IRBuilderBase &, CallInst &call, const Replacement &with) {
  return ConstantInt::get(call.getType(), with.argument);
}

Value *removeCall(KernelLowering &, IRBuilderBase &, CallInst &, const Replacement &) { return nullptr; }

/// Returns the number of words stored: one for a predicate, two for an address.
static uint64_t storeOperand(KernelLowering &kernel, IRBuilderBase &builder, uint64_t word, Value *operand) {
  Type *type = operand->getType();
  if (type->isIntegerTy(1)) {
    operand = builder.CreateZExt(operand, builder.getInt32Ty());
  } else if (type->isPointerTy()) {
    operand = builder.CreatePtrToInt(operand, builder.getInt64Ty());
  }
  builder.CreateAlignedStore(operand, wordOf(kernel, builder, word), Align(kWordBytes));
  return type->isPointerTy() ? 2 : 1;
}

static Value *loadResult(KernelLowering &kernel, IRBuilderBase &builder, uint64_t word, Type *type) {
  const bool isPredicate = type->isIntegerTy(1);
  Type *stored = isPredicate ? builder.getInt32Ty() : type;
  Value *value =
      builder.CreateAlignedLoad(stored, wordOf(kernel, builder, kResultWord + word), Align(kWordBytes));
  return isPredicate ? builder.CreateTrunc(value, type) : value;
}

static Value *loadResults(KernelLowering &kernel, IRBuilderBase &builder, Type *type) {
  if (type->isVoidTy()) {
    return nullptr;
  }
  auto *aggregate = dyn_cast<StructType>(type);
  if (aggregate == nullptr) {
    return loadResult(kernel, builder, 0, type);
  }
  Value *all = PoisonValue::get(aggregate);
  for (unsigned i = 0; i < aggregate->getNumElements(); ++i) {
    all = builder.CreateInsertValue(all, loadResult(kernel, builder, i, aggregate->getElementType(i)), i);
  }
  return all;
}

static Value *collectiveOf(KernelLowering &kernel, IRBuilderBase &builder, CallInst &call,
                           const Replacement &with, ArrayRef<Value *> operands) {
  Site &site = kernel.addSite(call, call.getCalledFunction()->getName());
  site.collective = with.collective;
  site.argument = with.argument;
  uint64_t word = 0;
  for (Value *operand : operands) {
    word += storeOperand(kernel, builder, word, operand);
  }
  kernel.callRuntime(builder, "collective", builder.getVoidTy(),
                     {kernel.thread, kernel.slot(), kernel.siteAddress(site)});
  return loadResults(kernel, builder, call.getType());
}

Value *callCollective(KernelLowering &kernel, IRBuilderBase &builder, CallInst &call,
                      const Replacement &with) {
  const SmallVector<Value *> operands(call.args());
  return collectiveOf(kernel, builder, call, with, operands);
}

Value *callReduction(KernelLowering &kernel, IRBuilderBase &builder, CallInst &call,
                     const Replacement &with) {
  return collectiveOf(kernel, builder, call, with, {call.getArgOperand(1), call.getArgOperand(0)});
}

/// Operands: the barrier's number, the number of threads (only in forms that end with "count"), a predicate.
Value *callBarrier(KernelLowering &kernel, IRBuilderBase &builder, CallInst &call, const Replacement &with) {
  StringRef name = call.getCalledFunction()->getName();
  Site &site = kernel.addSite(call, name);
  site.argument = with.argument;
  site.aligned = name.contains(".aligned.");
  const bool counted = name.ends_with(".count");
  const bool combines = with.argument != static_cast<uint32_t>(BarrierResult::none);
  Value *zero = builder.getInt32(0);
  Value *predicate =
      combines ? builder.CreateZExt(call.getArgOperand(counted ? 2 : 1), builder.getInt32Ty()) : zero;
  Value *result =
      kernel.callRuntime(builder, "barrier", builder.getInt32Ty(),
                         {kernel.thread, call.getArgOperand(0), counted ? call.getArgOperand(1) : zero,
                          predicate, kernel.siteAddress(site)});
  return combines ? builder.CreateZExtOrTrunc(result, call.getType()) : nullptr;
}

Value *callCopy(KernelLowering &kernel, IRBuilderBase &builder, CallInst &call, const Replacement &with) {
  Site &site = kernel.addSite(call, call.getCalledFunction()->getName());
  site.size = with.argument;
  site.alignment = with.argument;
  site.access = Access::write;
  site.window = kernel.windowOf(call.getArgOperand(1));
  Type *address = builder.getInt64Ty();
  Value *size = call.arg_size() > 2 ? call.getArgOperand(2) : builder.getInt32(with.argument);
  kernel.callRuntime(builder, "copy_async", builder.getVoidTy(),
                     {kernel.thread, builder.CreatePtrToInt(call.getArgOperand(0), address),
                      builder.CreatePtrToInt(call.getArgOperand(1), address), size,
                      kernel.siteAddress(site)});
  return nullptr;
}

Value *callCommit(KernelLowering &kernel, IRBuilderBase &builder, CallInst &, const Replacement &) {
  kernel.callRuntime(builder, "commit_copies", builder.getVoidTy(), {kernel.thread});
  return nullptr;
}

Value *callWait(KernelLowering &kernel, IRBuilderBase &builder, CallInst &call, const Replacement &with) {
  const bool all = call.arg_size() == 0;
  if (all) {
    callCommit(kernel, builder, call, with);
  }
  kernel.callRuntime(builder, "wait_copies", builder.getVoidTy(),
                     {kernel.thread, all ? builder.getInt32(0) : call.getArgOperand(0)});
  return nullptr;
}

static Value *flushed(KernelLowering &kernel, IRBuilderBase &builder, Value *value, bool flush) {
  return flush ? kernel.callRuntime(builder, "flush", value->getType(), {value}) : value;
}

static SmallVector<Value *> operandsOf(KernelLowering &kernel, IRBuilderBase &builder, CallInst &call,
                                       bool flush) {
  SmallVector<Value *> operands;
  for (Value *operand : call.args()) {
    operands.push_back(flushed(kernel, builder, operand, flush));
  }
  return operands;
}

Value *callFunction(KernelLowering &kernel, IRBuilderBase &builder, CallInst &call, const Replacement &with) {
  const SmallVector<Value *> operands = operandsOf(kernel, builder, call, with.flush);
  Value *result = kernel.callRuntime(builder, with.function, call.getType(), operands);
  return flushed(kernel, builder, result, with.flush);
}

Value *replaceByIntrinsic(KernelLowering &kernel, IRBuilderBase &builder, CallInst &call,
                          const Replacement &with) {
  const SmallVector<Value *> operands = operandsOf(kernel, builder, call, with.flush);
  Value *result = builder.CreateIntrinsic(with.intrinsic, {call.getType()}, operands);
  return flushed(kernel, builder, result, with.flush);
}

Value *replaceByOperator(KernelLowering &kernel, IRBuilderBase &builder, CallInst &call,
                         const Replacement &with) {
  const SmallVector<Value *> operands = operandsOf(kernel, builder, call, with.flush);
  Value *result =
      builder.CreateBinOp(static_cast<Instruction::BinaryOps>(with.argument), operands[0], operands[1]);
  return flushed(kernel, builder, result, with.flush);
}

Value *convertPair(KernelLowering &, IRBuilderBase &builder, CallInst &call, const Replacement &) {
  Type *element = call.getType()->getScalarType();
  Value *pair = PoisonValue::get(call.getType());
  pair =
      builder.CreateInsertElement(pair, builder.CreateFPTrunc(call.getArgOperand(1), element), uint64_t{0});
  return builder.CreateInsertElement(pair, builder.CreateFPTrunc(call.getArgOperand(0), element),
                                     uint64_t{1});
}

Value *convertScalar(KernelLowering &, IRBuilderBase &builder, CallInst &call, const Replacement &) {
  return builder.CreateFPTrunc(call.getArgOperand(0), call.getType());
}

Value *convertToHalfBits(KernelLowering &, IRBuilderBase &builder, CallInst &call, const Replacement &) {
  Value *half = builder.CreateFPTrunc(call.getArgOperand(0), builder.getHalfTy());
  return builder.CreateBitCast(half, call.getType());
}

} // namespace cria::gpusim
