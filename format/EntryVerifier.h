// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The part of the program verifier that looks at one entry: windows, access, aliasing, write-before-read,
// lifetimes.
#pragma once

#include "format/Program.h"

namespace cria {

/// Ok, or the first broken rule: "dispatch 3 ('linear'): binding 'weight': ...". `dispatch` becomes the index of
/// the dispatch that breaks it; none if the rule is about the entry. Limits, weights and buffers of `program` have
/// been verified before.
Status verifyEntry(const Program &program, const ProgramEntry &entry, std::optional<uint32_t> &dispatch);

} // namespace cria
