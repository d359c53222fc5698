// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Prints the program as JSON to standard output, as in programs/<target>.json of a package.

#include "passes/Passes.h"

#include "format/ProgramWriter.h"
#include "ir/ProgramLowering.h"
#include "ir/ProgramVerifier.h"

namespace cria {

#define GEN_PASS_DEF_PRINTPROGRAMJSONPASS
#include "passes/Passes.h.inc"

namespace {

struct PrintProgramJson : impl::PrintProgramJsonPassBase<PrintProgramJson> {
  void runOnOperation() override {
    if (failed(program::verifyProgram(getOperation()))) {
      return signalPassFailure();
    }
    llvm::outs() << programToJson(*lowerProgram(getOperation())).dump(2) << "\n";
    markAllAnalysesPreserved();
  }
};

} // namespace
} // namespace cria
