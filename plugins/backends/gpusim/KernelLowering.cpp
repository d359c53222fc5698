// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Helpers for rewriting a kernel: sites, windows, calls of the runtime.
#include "plugins/backends/gpusim/Lowering.h"

#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

namespace cria::gpusim {

using namespace llvm;

KernelLowering::KernelLowering(Function &function, SiteTable &sites, ModuleSlotTracker &slots)
    : function(function), thread(function.getArg(0)), sites_(sites), slots_(slots) {}

static std::string locationOf(const Instruction &instruction) {
  const DebugLoc &location = instruction.getDebugLoc();
  if (!location || location.getLine() == 0) {
    return "";
  }
  return (sys::path::filename(location->getFilename()) + ":" + Twine(location.getLine())).str();
}

static std::string textOf(const Instruction &instruction, ModuleSlotTracker &slots) {
  std::string text;
  raw_string_ostream stream(text);
  instruction.print(stream, slots);
  return StringRef(text).ltrim().take_until([](char c) { return c == '!'; }).rtrim(" ,").str();
}

Site &KernelLowering::addSite(Instruction &instruction, StringRef name) {
  Site &site = sites_.emplace_back();
  site.name = name.str();
  site.location = locationOf(instruction);
  site.instruction = textOf(instruction, slots_);
  return site;
}

Value *KernelLowering::siteAddress(const Site &site) {
  LLVMContext &context = function.getContext();
  Constant *address = ConstantInt::get(Type::getInt64Ty(context), reinterpret_cast<uintptr_t>(&site));
  return ConstantExpr::getIntToPtr(address, PointerType::get(context, 0));
}

int32_t KernelLowering::windowOf(Value *pointer) const {
  SmallVector<const Value *> objects;
  getUnderlyingObjects(pointer, objects, nullptr, 0);
  int32_t window = -1;
  for (const Value *object : objects) {
    const auto *found = find(windows, object);
    const int32_t index = found == windows.end() ? -1 : static_cast<int32_t>(found - windows.begin());
    if (index < 0 || (window >= 0 && window != index)) {
      return -1;
    }
    window = index;
  }
  return window;
}

CallInst *KernelLowering::callRuntime(IRBuilderBase &builder, StringRef name, Type *result,
                                      ArrayRef<Value *> arguments) {
  SmallVector<Type *> types;
  for (Value *argument : arguments) {
    types.push_back(argument->getType());
  }
  FunctionCallee callee = function.getParent()->getOrInsertFunction(("cria_sim_" + name).str(),
                                                                    FunctionType::get(result, types, false));
  return builder.CreateCall(callee, arguments);
}

Value *KernelLowering::slot() {
  if (slot_ == nullptr) {
    IRBuilder<> builder(&function.getEntryBlock(), function.getEntryBlock().begin());
    auto *alloca = builder.CreateAlloca(ArrayType::get(builder.getInt32Ty(), kSlotWords));
    alloca->setAlignment(Align(16));
    slot_ = alloca;
  }
  return slot_;
}

} // namespace cria::gpusim
