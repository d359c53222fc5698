// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A small module as a compiler left it: its program, its code, and where its weights come from; also as a
// file.
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

/// Where the logical rows of a weight come from: a tensor and its row; an empty name is a row of zeros. A
/// weight without rows is made by the program's entry `initialize`.
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

/// One file, for a machine without the compiler. Throws std::runtime_error naming the file.
void writeProgram(const std::string &path, const CompiledProgram &program);
CompiledProgram readProgram(const std::string &path);

} // namespace cria::conformance
