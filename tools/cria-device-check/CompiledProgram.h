// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A compiled module: its program, its code and the sources of its weights. Stored as a file for machines
// without the compiler.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace cria::conformance {

/// The limits that a case is compiled for.
struct CaseLimits {
  int64_t maxTokens = 48;
  int64_t maxSequences = 4;
  int64_t context = 128;
};

/// The sources of the logical rows of a weight: for each row, a tensor and a row of it; an empty name stands
/// for a row of zeros. A weight without rows is written by the entry point `initialize`.
struct WeightRows {
  std::string weight;
  std::vector<std::pair<std::string, int64_t>> rows;
};

struct CompiledProgram {
  std::string error; // diagnostics; if there are any, the other members are empty
  std::string json;  // the program, as in programs/<target>.json
  std::string code;  // the bytes of the code; empty for `ops`
  std::string format;
  std::string features;
  uint32_t abiVersion = 0;
  std::vector<WeightRows> weights;
};

/// Write and read a file with a program. Errors: throw std::runtime_error, naming the file.
void writeProgram(const std::string &path, const CompiledProgram &program);
CompiledProgram readProgram(const std::string &path);

} // namespace cria::conformance
