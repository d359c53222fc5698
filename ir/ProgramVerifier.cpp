// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs the loader's verifier on the lowered program and reports what it finds at the op.
#include "ir/ProgramVerifier.h"

#include "format/ProgramVerifier.h"
#include "ir/LlamaOps.h"
#include "ir/ProgramLowering.h"

using namespace mlir;

namespace cria::program {

/// The `index`-th op of a kind.
template <typename OpTy> static OpTy nthOp(ModuleOp module, uint32_t index) {
  return *std::next(module.getOps<OpTy>().begin(), index);
}

static Operation *opAt(ModuleOp module, const ProgramPlace &place) {
  switch (place.part) {
  case ProgramPlace::Part::program:
    return module;
  case ProgramPlace::Part::step:
    return *module.getOps<StepOp>().begin();
  case ProgramPlace::Part::weight:
    return nthOp<WeightOp>(module, place.index);
  case ProgramPlace::Part::buffer:
    return nthOp<BufferOp>(module, place.index);
  case ProgramPlace::Part::entry:
    break;
  }
  EntryOp entry = nthOp<EntryOp>(module, place.index);
  return place.dispatch ? (*std::next(entry.getDispatches().begin(), *place.dispatch)).getOperation()
                        : entry.getOperation();
}

/// kernel_c4
static LogicalResult verifySymbols(ModuleOp module) {
  auto code = module.lookupSymbol<ModuleOp>(ProgramDialect::kKernelsModule);
  for (auto kernel : module.getOps<KernelOp>()) {
    if (code && kernel.getSymbol() && !SymbolTable::lookupSymbolIn(code, *kernel.getSymbol())) {
      return kernel.emitOpError() << "expected module '" << ProgramDialect::kKernelsModule
                                  << "' to have a function '" << *kernel.getSymbol() << "'";
    }
  }
  return success();
}

LogicalResult verifyProgram(ModuleOp module) {
  FailureOr<Program> program = lowerProgram(module);
  if (failed(program) || failed(verifySymbols(module))) {
    return failure();
  }
  llama::ConfigAttr config = llama::getConfig(module);
  std::optional<uint32_t> vocabSize;
  if (config) {
    vocabSize = uint32_t(config.getVocabSize());
  }
  ProgramPlace place;
  Status status = cria::verifyProgram(*program, vocabSize, &place);
  if (status.ok()) {
    return success();
  }
  return opAt(module, place)->emitError() << status.message();
}

} // namespace cria::program
