// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs the whole-program verifier as a pass.

#include "passes/Passes.h"

#include "ir/ProgramVerifier.h"

namespace cria {

#define GEN_PASS_DEF_VERIFYPROGRAMPASS
#include "passes/Passes.h.inc"

namespace {

struct VerifyProgram : impl::VerifyProgramPassBase<VerifyProgram> {
  void runOnOperation() override {
    if (failed(program::verifyProgram(getOperation()))) {
      return signalPassFailure();
    }
    markAllAnalysesPreserved();
  }
};

} // namespace
} // namespace cria
