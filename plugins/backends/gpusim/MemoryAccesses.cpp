// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Inserts checks before loads, stores, atomic operations and memory intrinsics.
#include "plugins/backends/gpusim/Lowering.h"

#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"

namespace cria::gpusim {

using namespace llvm;

namespace {

/// An access of constant size.
struct FixedAccess {
  Value *pointer = nullptr; // null: the instruction is not an access
  Type *type = nullptr;
  Align alignment;
  Access access = Access::read;
};

} // namespace

static FixedAccess accessOf(Instruction &instruction) {
  if (auto *load = dyn_cast<LoadInst>(&instruction)) {
    return {load->getPointerOperand(), load->getType(), load->getAlign(), Access::read};
  }
  if (auto *store = dyn_cast<StoreInst>(&instruction)) {
    return {store->getPointerOperand(), store->getValueOperand()->getType(), store->getAlign(),
            Access::write};
  }
  if (auto *atomic = dyn_cast<AtomicRMWInst>(&instruction)) {
    return {atomic->getPointerOperand(), atomic->getType(), atomic->getAlign(), Access::atomic};
  }
  if (auto *exchange = dyn_cast<AtomicCmpXchgInst>(&instruction)) {
    return {exchange->getPointerOperand(), exchange->getNewValOperand()->getType(), exchange->getAlign(),
            Access::atomic};
  }
  return {};
}

static StringRef checkFor(unsigned space, int32_t window) {
  if (space == kSharedSpace) {
    return "shared";
  }
  return space == kGlobalSpace || space == kConstantSpace || window >= 0 ? "global" : "generic";
}

static bool isLocal(const Value *pointer) { return isa<AllocaInst>(getUnderlyingObject(pointer, 0)); }

static void check(KernelLowering &kernel, Instruction &instruction, const FixedAccess &access) {
  Site &site = kernel.addSite(instruction, instruction.getOpcodeName());
  site.size = static_cast<uint32_t>(instruction.getDataLayout().getTypeStoreSize(access.type));
  site.alignment = static_cast<uint32_t>(access.alignment.value());
  site.access = access.access;
  site.window = kernel.windowOf(access.pointer);
  IRBuilder<> builder(&instruction);
  Value *address = builder.CreatePtrToInt(access.pointer, builder.getInt64Ty());
  const unsigned space = access.pointer->getType()->getPointerAddressSpace();
  kernel.callRuntime(builder, checkFor(space, site.window), builder.getVoidTy(),
                     {kernel.thread, address, kernel.siteAddress(site)});
}

static void checkRange(KernelLowering &kernel, MemIntrinsic &call, Value *pointer, MaybeAlign alignment,
                       Access access) {
  if (isLocal(pointer)) {
    return;
  }
  Site &site = kernel.addSite(call, call.getCalledFunction()->getName());
  site.alignment = static_cast<uint32_t>(alignment.valueOrOne().value());
  site.access = access;
  site.window = kernel.windowOf(pointer);
  IRBuilder<> builder(&call);
  Value *address = builder.CreatePtrToInt(pointer, builder.getInt64Ty());
  Value *size = builder.CreateZExtOrTrunc(call.getLength(), builder.getInt64Ty());
  kernel.callRuntime(builder, "range", builder.getVoidTy(),
                     {kernel.thread, address, size, kernel.siteAddress(site)});
}

static void checkMemoryIntrinsic(KernelLowering &kernel, MemIntrinsic &call) {
  if (auto *transfer = dyn_cast<MemTransferInst>(&call)) {
    checkRange(kernel, call, transfer->getRawSource(), transfer->getSourceAlign(), Access::read);
  }
  checkRange(kernel, call, call.getRawDest(), call.getDestAlign(), Access::write);
}

void instrumentAccesses(KernelLowering &kernel) {
  SmallVector<Instruction *> all;
  for (Instruction &instruction : instructions(kernel.function)) {
    if (!is_contained(kernel.windows, &instruction)) {
      all.push_back(&instruction);
    }
  }
  for (Instruction *instruction : all) {
    if (auto *call = dyn_cast<MemIntrinsic>(instruction)) {
      checkMemoryIntrinsic(kernel, *call);
      continue;
    }
    const FixedAccess access = accessOf(*instruction);
    if (access.pointer != nullptr && !isLocal(access.pointer)) {
      check(kernel, *instruction, access);
    }
  }
}

} // namespace cria::gpusim
