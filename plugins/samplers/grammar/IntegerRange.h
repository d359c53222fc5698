// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// GBNF for ranges of integers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace cria::grammar {

/// Returns a GBNF expression that matches the integers from `minimum` to `maximum`, inclusive, as JSON writes
/// them. Without a bound, integers have up to 16 digits. REQUIRES: minimum <= maximum if both are given.
std::string integersBetween(std::optional<int64_t> minimum, std::optional<int64_t> maximum);

} // namespace cria::grammar
