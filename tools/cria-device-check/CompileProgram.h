// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compiles a small llama module for a target in this process. The interface uses no MLIR.
#pragma once

#include "tools/cria-device-check/CompiledProgram.h"

namespace cria::conformance {

/// Compiles `module`, MLIR text of weights with recipes and of entry points with llama.min_tokens and
/// llama.max_tokens. If `decompose`, fused ops are decomposed first. activations: a class, or empty for the
/// target's default. Diagnostics are in the result's `error`.
CompiledProgram compileProgram(const std::string &module, const std::string &target, const CaseLimits &limits,
                               bool decompose, const std::string &activations = "");

/// Returns the names of the built-in targets.
std::vector<std::string> builtInTargets();

} // namespace cria::conformance
