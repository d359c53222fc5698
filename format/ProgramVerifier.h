// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The verifier of programs. The loader runs it on every program that it reads, so that no program accesses
// memory outside its buffers, and the compiler on every program that it writes. docs/package-format.md
// states the rules.
#pragma once

#include "format/Program.h"

namespace cria {

/// The part of a program that violates a rule.
struct ProgramPlace {
  enum class Part : uint8_t { program, step, weight, buffer, entry };
  Part part = Part::program;
  uint32_t index = 0;               // of weights, buffers or entries
  std::optional<uint32_t> dispatch; // of the entry point
};

/// Returns ok, or the first violated rule with its place: "entry 'decode': dispatch 3 ('linear'): binding
/// 'weight': ...". Also writes the place to *place unless it is null. With the `vocabSize` of a model, also
/// checks the shape of the logits and the names of the entry points. Takes almost linear time in the size
/// of the program. Thread-safe.
Status verifyProgram(const Program &program, std::optional<uint32_t> vocabSize,
                     ProgramPlace *place = nullptr);

} // namespace cria
