// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The part of the program verifier that checks one entry point: windows, access, aliasing, initialization
// and lifetimes.
#pragma once

#include "format/Program.h"

namespace cria {

/// Returns ok, or the first violated rule: "dispatch 3 ('linear'): binding 'weight': ...". Sets `dispatch`
/// to the index of the dispatch that violates it, or to nullopt if the rule concerns the entry point.
/// REQUIRES: limits, weights and buffers of `program` are verified.
Status verifyEntry(const Program &program, const ProgramEntry &entry, std::optional<uint32_t> &dispatch);

} // namespace cria
