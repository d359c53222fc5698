// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What programs of opset v1 (docs/generated/opset-v1.md) promise beyond their windows. Backends follow
// positions, slots and page numbers without looking; the runtime checks those of the step, so they must come
// from there.
#pragma once

#include "format/Program.h"

namespace cria {

/// Ok, or the first broken rule with the place. `program` is verified (ProgramVerifier.h); vocabSize is the
/// model's.
///  - `tokens`, `positions`, `sequences`, `slots`, `sequence_starts`, `block_table` and `rows` (the outputs)
///    are the whole field of the step;
///  - `cache` is one layer of all pages, with the pool's page_tokens and type;
///  - `table` has a row for every position of the context (with `positions`), else for every token.
Status verifyOpset(const Program &program, uint32_t vocabSize);

} // namespace cria
