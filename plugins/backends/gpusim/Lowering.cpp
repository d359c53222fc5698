// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The order: inline helpers, change the signature of each kernel, lower accesses, lower calls (whose
// replacements access the simulator's own memory), lower shared variables.
#include "plugins/backends/gpusim/Lowering.h"

#include "llvm/IR/DebugInfo.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Transforms/IPO/AlwaysInliner.h"

namespace cria::gpusim {

using namespace llvm;

static bool isKernel(const Function &function) {
  return function.getCallingConv() == CallingConv::PTX_Kernel && !function.isDeclaration();
}

/// Inlines helpers into the kernels, so that only kernels need the hidden parameter.
static void inlineHelpers(llvm::Module &module) {
  for (Function &function : module) {
    if (!function.isDeclaration() && !isKernel(function)) {
      function.setLinkage(GlobalValue::InternalLinkage);
      function.removeFnAttr(Attribute::NoInline);
      function.removeFnAttr(Attribute::OptimizeNone);
      function.addFnAttr(Attribute::AlwaysInline);
    }
  }
  LoopAnalysisManager loopAnalyses; // in this order, since each is destroyed after those that refer to it
  FunctionAnalysisManager functionAnalyses;
  CGSCCAnalysisManager cgsccAnalyses;
  ModuleAnalysisManager moduleAnalyses;
  PassBuilder passes;
  passes.registerModuleAnalyses(moduleAnalyses);
  passes.registerCGSCCAnalyses(cgsccAnalyses);
  passes.registerFunctionAnalyses(functionAnalyses);
  passes.registerLoopAnalyses(loopAnalyses);
  passes.crossRegisterProxies(loopAnalyses, functionAnalyses, cgsccAnalyses, moduleAnalyses);
  AlwaysInlinerPass(/*InsertLifetime=*/false).run(module, moduleAnalyses);
}

static void readMaxThreads(const Function &function, KernelInfo &info) {
  for (StringRef name : {"nvvm.maxntid", "nvvm.reqntid"}) {
    StringRef text = function.getFnAttribute(name).getValueAsString();
    for (uint32_t d = 0; d < 3 && !text.empty(); ++d) {
      auto [dimension, rest] = text.split(',');
      info.maxThreads[d] = 1;
      dimension.trim().getAsInteger(10, info.maxThreads[d]);
      text = rest;
    }
    for (uint32_t d = 1; d < 3; ++d) {
      info.maxThreads[d] = std::max(info.maxThreads[d], info.maxThreads[0] != 0 ? 1u : 0u);
    }
  }
}

static std::string checkParameters(const Function &kernel) {
  if (!kernel.getReturnType()->isVoidTy()) {
    return ("kernel '" + kernel.getName() + "' returns a value").str();
  }
  for (const Argument &argument : kernel.args()) {
    if (!argument.getType()->isPointerTy() || argument.hasByValAttr()) {
      return ("parameter " + Twine(argument.getArgNo()) + " of kernel '" + kernel.getName() +
              "' is not the address of a buffer")
          .str();
    }
  }
  return "";
}

/// Makes a function void(thread, parameters) with the kernel's body. Drops the attributes, whose promises (no
/// aliases, no writes) do not hold once the simulator is called.
static Function *rebuildKernel(Function &kernel, SmallVectorImpl<Instruction *> &windows) {
  LLVMContext &context = kernel.getContext();
  Type *pointer = PointerType::get(context, 0);
  auto *type = FunctionType::get(Type::getVoidTy(context), {pointer, pointer}, false);
  auto *result = Function::Create(type, GlobalValue::ExternalLinkage, "", kernel.getParent());
  result->takeName(&kernel);
  result->addFnAttr(Attribute::NoUnwind);
  result->splice(result->begin(), &kernel);
  result->getArg(0)->setName("cria.thread"); // named, so that unnamed values keep their numbers
  result->getArg(1)->setName("cria.parameters");
  IRBuilder<> builder(&result->getEntryBlock(), result->getEntryBlock().begin());
  for (Argument &argument : kernel.args()) {
    Value *place = builder.CreateConstGEP1_64(pointer, result->getArg(1), argument.getArgNo(), "cria.place");
    windows.push_back(builder.CreateLoad(argument.getType(), place, argument.getName()));
    argument.replaceAllUsesWith(windows.back());
  }
  return result;
}

/// Drops metadata that would let the code generator move a load before its check.
static void dropPromises(Function &function) {
  for (Instruction &instruction : instructions(function)) {
    instruction.dropUnknownNonDebugMetadata();
  }
}

static std::string lowerKernel(Function &kernel, SiteTable &sites, ModuleSlotTracker &slots,
                               KernelInfo &info) {
  info.name = kernel.getName().str();
  info.numParameters = static_cast<uint32_t>(kernel.arg_size());
  readMaxThreads(kernel, info);
  if (std::string error = checkParameters(kernel); !error.empty()) {
    return error;
  }
  SmallVector<Instruction *> windows;
  Function *function = rebuildKernel(kernel, windows);
  kernel.eraseFromParent();
  slots.incorporateFunction(*function);
  KernelLowering lowering(*function, sites, slots);
  lowering.windows = std::move(windows);
  instrumentAccesses(lowering);
  if (lowering.error.empty()) {
    lowerCalls(lowering);
  }
  info.staticSharedBytes = lowerSharedVariables(lowering);
  dropPromises(*function);
  return lowering.error;
}

/// Makes variables of the module visible by name; those in shared memory have been replaced.
static std::string collectVariables(llvm::Module &module, std::vector<std::string> &names) {
  for (GlobalVariable &variable : make_early_inc_range(module.globals())) {
    variable.removeDeadConstantUsers();
    if (variable.use_empty() || variable.getName().starts_with("llvm.")) {
      variable.use_empty() ? variable.eraseFromParent() : void();
      continue;
    }
    if (variable.isDeclaration()) {
      return ("the module does not define the variable '" + variable.getName() + "'").str();
    }
    variable.setLinkage(GlobalValue::ExternalLinkage);
    variable.setVisibility(GlobalValue::DefaultVisibility);
    variable.setName(variable.hasName() ? variable.getName() : "variable");
    names.push_back(variable.getName().str());
  }
  return "";
}

static std::string verificationError(const llvm::Module &module) {
  std::string text;
  raw_string_ostream stream(text);
  return verifyModule(module, &stream) ? "the module is not valid LLVM IR: " + text : "";
}

static void eraseHelpers(llvm::Module &module) {
  for (Function &function : make_early_inc_range(module)) {
    if (!isKernel(function) && !function.isDeclaration() && function.use_empty()) {
      function.eraseFromParent();
    }
  }
}

static std::string lowerKernels(llvm::Module &module, SiteTable &sites, std::vector<KernelInfo> &kernels) {
  ModuleSlotTracker slots(&module);
  SmallVector<Function *> found;
  for (Function &function : module) {
    if (isKernel(function)) {
      found.push_back(&function);
    }
  }
  for (Function *kernel : found) {
    if (std::string error = lowerKernel(*kernel, sites, slots, kernels.emplace_back()); !error.empty()) {
      return error;
    }
  }
  return "";
}

LoweredModule lowerModule(llvm::Module &module, const DataLayout &layout, const Triple &triple,
                          SiteTable &sites) {
  LoweredModule result;
  result.error = verificationError(module);
  if (!result.error.empty()) {
    return result;
  }
  module.setDataLayout(layout);
  module.setTargetTriple(triple);
  inlineHelpers(module);
  eraseHelpers(module);
  result.error = lowerKernels(module, sites, result.kernels);
  if (result.error.empty()) {
    StripDebugInfo(module);
    result.error = collectVariables(module, result.variables);
  }
  if (result.error.empty()) {
    result.error = verificationError(module);
  }
  return result;
}

} // namespace cria::gpusim
