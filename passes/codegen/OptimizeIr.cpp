// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The optimization and code generation that all targets with code share.
#include "passes/codegen/OptimizeIr.h"

#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/Passes/PassBuilder.h"

using namespace mlir;

namespace cria {

/// The loops are already blocked, unrolled and vectorized: LLVM cleans up, inlines and forms addresses.
void optimizeIr(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::PipelineTuningOptions tuning;
  // Besides, the loop vectorizer of LLVM 22.1.8 compiles some loops to other results: it takes a load at
  // first + (k & 3) for consecutive, with AVX2 as with AVX-512. OptimizeIrTest has such a loop.
  tuning.LoopVectorization = false;
  tuning.SLPVectorization = false;
  tuning.LoopUnrolling = false;
  llvm::PassBuilder builder(&machine, tuning);
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2).run(module, modules);
}

std::string printIr(llvm::Module &module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module.print(stream, nullptr);
  return text;
}

FailureOr<std::string> generateCode(ModuleOp origin, llvm::Module &module, llvm::TargetMachine &machine,
                                    llvm::CodeGenFileType type) {
  llvm::SmallString<0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  llvm::legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, stream, nullptr, type)) {
    return origin.emitError("the code generator of '")
           << machine.getTargetTriple().str() << "' cannot emit this kind of file";
  }
  passes.run(module);
  return bytes.str().str();
}

} // namespace cria
