// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Lowers the `program` dialect to the plain Program that the loader reads and the verifier checks.
#pragma once

#include "format/Program.h"
#include "format/WeightLayout.h"
#include "ir/ProgramOps.h"

namespace cria {

/// The program of a module, with names resolved to indices in the order of the module. Fails with a
/// diagnostic at the op when the module is no complete program: an attribute of the module or the step is
/// missing, a name does not exist, or the arena is not planned. Does not verify; see ir/ProgramVerifier.h.
llvm::FailureOr<Program> lowerProgram(mlir::ModuleOp module);

/// "weights/<layout>.safetensors", relative to the package: the file of all weights of that layout.
std::string weightFile(PhysicalLayout::Kind layout);

} // namespace cria
