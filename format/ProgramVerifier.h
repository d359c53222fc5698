// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The loader's own check of a program, so that running it can not reach outside its buffers whatever the file
// says. It knows nothing of the compiler: the rules are those of docs/package-format.md.
#pragma once

#include "format/Program.h"

namespace cria {

/// Ok, or the first broken rule with the place: "entry 'decode', dispatch 3 ('linear'), binding 'weight':
/// ...". vocabSize is the model's. Time is near-linear in the size of the program. Threads: any.
Status verifyProgram(const Program &program, uint32_t vocabSize);

/// Shape of the array that holds a weight in its layout (docs/package-format.md). Errors: unknown layout,
/// wrong rank.
StatusOr<std::vector<int64_t>> physicalShape(const ProgramWeight &weight);

} // namespace cria
