// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Finds earlier occurrences of the end of a list of tokens.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

/// Returns for each i the length of the longest common suffix of tokens[0 .. i] and the whole list, at most
/// `limit`; 0 for the last i, where the list would be compared with itself. Takes linear time: the
/// Z-algorithm (Gusfield 1997) on the reversed list.
std::vector<uint32_t> suffixRepetitions(std::span<const int32_t> tokens, uint32_t limit);

/// Returns, for each token that would continue a repetition of at least `minLength` tokens, the length of the
/// longest such repetition, at most `limit`.
std::unordered_map<int32_t, uint32_t> continuations(std::span<const int32_t> tokens, uint32_t limit,
                                                    uint32_t minLength);
