// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compiles the kernels of CeilingKernels.h in this process. The interface uses no MLIR.
#pragma once

#include "tools/cria-device-check/CompiledProgram.h"

namespace cria::check {

/// Returns the code of the kernels, without a program, for a target of a GPU or of the simulator. Diagnostics
/// are in the result's `error`.
conformance::CompiledProgram compileCeilings(const std::string &target);

} // namespace cria::check
