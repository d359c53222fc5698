// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Checks a whole program with the verifier of the loader (format/ProgramVerifier.h).
#pragma once

#include "ir/ProgramOps.h"

namespace cria::program {

/// Verifies a program whose memory is planned. Emits a diagnostic at the op that breaks a rule. Beyond the
/// loader's rules, a kernel's symbol exists if the module has the kernels' code. The rules about the
/// vocabulary and the entries of a model apply if the module states `llama.config`.
llvm::LogicalResult verifyProgram(mlir::ModuleOp module);

} // namespace cria::program
