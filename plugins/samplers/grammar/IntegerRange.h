// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Integers between bounds, as digits.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace cria::grammar {

/// A GBNF expression for the integers from `least` to `most` as JSON writes them; without a bound up to 16
/// digits. least <= most where both are given.
std::string integersBetween(std::optional<int64_t> least, std::optional<int64_t> most);

} // namespace cria::grammar
