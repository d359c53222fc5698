// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The rules for programs of the opset (docs/generated/opset.md) beyond those for windows. Backends use
// positions, slots and page numbers as indices without a check. The runtime checks the arrays of the step,
// so these operands must be arrays of the step.
#pragma once

#include "format/Program.h"

namespace cria {

/// Returns ok, or the first violated rule with its place. vocabSize: that of the model. REQUIRES:
/// verifyProgram() returned ok.
///  - `tokens`, `positions`, `sequences`, `slots`, `sequence_starts`, `block_table` and `rows` (the
///    outputs) are entire fields of the step buffer;
///  - `cache` is one layer of all pages, with the page_tokens and the type of the pool; `cache.scales` are
///    its scales, which a cache of type i8 has and no other;
///  - `table` has a row for every position of the context if the op has `positions`, and otherwise for
///    every token of the vocabulary;
///  - the format of `weight` is one that the class of `activations` multiplies.
Status verifyOpset(const Program &program, uint32_t vocabSize);

} // namespace cria
