// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The one check of programs: the loader runs it on what it read, so that a program cannot reach outside its
// buffers whatever the file says, and the compiler on what it is about to write. The rules are those of
// docs/package-format.md.
#pragma once

#include "format/Program.h"

namespace cria {

/// The part of a program that broke a rule.
struct ProgramPlace {
  enum class Part : uint8_t { program, step, weight, buffer, entry };
  Part part = Part::program;
  uint32_t index = 0;               // of weights, buffers or entries
  std::optional<uint32_t> dispatch; // of the entry
};

/// Ok, or the first broken rule with its place: "entry 'decode': dispatch 3 ('linear'): binding 'weight': ...".
/// The place is also written to `*place` where one is given. With the `vocabSize` of a model, also checks the
/// shape of the logits and that the entries are those of a model. Takes time near-linear in the size of the
/// program. Thread-safe.
Status verifyProgram(const Program &program, std::optional<uint32_t> vocabSize,
                     ProgramPlace *place = nullptr);

} // namespace cria
