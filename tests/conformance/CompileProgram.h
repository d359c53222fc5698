// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compiles a small llama module for a target, within the process. Plain C++: its users need no MLIR.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace cria::conformance {

struct ProgramLimits {
  int64_t maxTokens = 48;
  int64_t maxSequences = 4;
  int64_t context = 128;
};

/// Where the logical rows of a weight come from: a tensor and its row; an empty name is a row of zeros.
struct WeightRows {
  std::string weight;
  std::vector<std::pair<std::string, int64_t>> rows;
};

struct CompiledProgram {
  std::string error; // diagnostics; all else is empty when there are any
  std::string json;  // as in programs/<target>.json
  std::string code;  // bytes; empty for `ops`
  std::string format;
  std::string features;
  uint32_t abiVersion = 0;
  std::vector<WeightRows> weights;
};

/// `module` is MLIR text: weights with recipes of checkpoint tensors and interleavings of them, and entries
/// with their llama.min_tokens and llama.max_tokens. decompose: fused ops are taken apart first.
CompiledProgram compileProgram(const std::string &module, const std::string &target,
                               const ProgramLimits &limits, bool decompose);

/// Names of the built-in targets.
std::vector<std::string> builtInTargets();

} // namespace cria::conformance
