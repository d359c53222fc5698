// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How the end of a list of tokens repeats what stood before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

/// result[i]: how many tokens before (and with) `tokens[i]` equal the last ones of the list, at most `limit`;
/// result[size - 1] is 0, where the list would be compared with itself. In linear time, by the Z-algorithm
/// (Gusfield 1997) over the reversed list.
std::vector<uint32_t> suffixRepetitions(std::span<const int32_t> tokens, uint32_t limit);

/// For each token that would continue a repetition: the longest run of tokens before it that equals the end
/// of the list, if it has at least `least` tokens.
std::unordered_map<int32_t, uint32_t> continuations(std::span<const int32_t> tokens, uint32_t limit,
                                                    uint32_t least);
