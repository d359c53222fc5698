// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compiles a small llama module for a target, within the process. Plain C++: its users need no MLIR.
#pragma once

#include "tools/cria-device-check/CompiledProgram.h"

namespace cria::conformance {

/// `module` is MLIR text: weights with recipes, and entry points with their llama.min_tokens and
/// llama.max_tokens. decompose: fused ops are decomposed first.
CompiledProgram compileProgram(const std::string &module, const std::string &target,
                               const ProgramLimits &limits, bool decompose);

/// Names of the built-in targets.
std::vector<std::string> builtInTargets();

} // namespace cria::conformance
