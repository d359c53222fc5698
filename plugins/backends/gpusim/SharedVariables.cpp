// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Lowers variables in shared memory: first those with a size, in the order of the module, then the one
// without, which is the dynamic shared memory.
#include "plugins/backends/gpusim/Lowering.h"

#include "llvm/IR/ReplaceConstant.h"

namespace cria::gpusim {

using namespace llvm;

static uint64_t sizeOf(const GlobalVariable &variable) {
  return variable.getDataLayout().getTypeAllocSize(variable.getValueType()).getFixedValue();
}

/// The kernel ABI aligns dynamic shared memory to 16 bytes.
static Align alignmentOf(const GlobalVariable &variable) {
  const Align stated = variable.getAlign().value_or(Align(16));
  return sizeOf(variable) == 0 ? std::max(stated, Align(16)) : stated;
}

static SmallVector<GlobalVariable *> sharedVariablesOf(Function &function) {
  SmallVector<GlobalVariable *> found;
  for (GlobalVariable &variable : function.getParent()->globals()) {
    const bool used = any_of(variable.users(), [&](const User *user) {
      const auto *instruction = dyn_cast<Instruction>(user);
      return instruction != nullptr && instruction->getFunction() == &function;
    });
    if (used && variable.getAddressSpace() == kSharedSpace) {
      found.push_back(&variable);
    }
  }
  stable_sort(found, [](const GlobalVariable *a, const GlobalVariable *b) {
    return (sizeOf(*a) == 0 ? 1 : 0) < (sizeOf(*b) == 0 ? 1 : 0);
  });
  return found;
}

/// Converts constant expressions that use the variables to instructions.
static void expandConstants(Function &function) {
  SmallVector<Constant *> variables;
  for (GlobalVariable &variable : function.getParent()->globals()) {
    if (variable.getAddressSpace() == kSharedSpace) {
      variable.removeDeadConstantUsers();
      variables.push_back(&variable);
    }
  }
  convertUsersOfConstantsToInstructions(variables, &function);
}

uint64_t lowerSharedVariables(KernelLowering &kernel) {
  expandConstants(kernel.function);
  const SmallVector<GlobalVariable *> variables = sharedVariablesOf(kernel.function);
  IRBuilder<> builder(&kernel.function.getEntryBlock(), kernel.function.getEntryBlock().begin());
  uint64_t end = 0;
  for (GlobalVariable *variable : variables) {
    end = alignTo(end, alignmentOf(*variable));
    Value *place = builder.CreateConstGEP1_64(builder.getInt8Ty(), kernel.thread, kSharedOffset);
    Value *base = builder.CreateLoad(builder.getPtrTy(), place);
    Value *address = builder.CreateConstGEP1_64(builder.getInt8Ty(), base, end);
    Value *shared = builder.CreateAddrSpaceCast(address, variable->getType(), variable->getName());
    variable->replaceUsesWithIf(shared, [&](const Use &use) {
      const auto *user = dyn_cast<Instruction>(use.getUser());
      return user != nullptr && user->getFunction() == &kernel.function;
    });
    end += sizeOf(*variable);
  }
  return end;
}

} // namespace cria::gpusim
