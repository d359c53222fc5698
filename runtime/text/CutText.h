// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cutAtNames: keeps the name of a token that stands in a text from becoming the token.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cria {

/// Cuts `text`, which the parts are views of, behind the first character of each occurrence of a name, so
/// that no part contains a name of more than one character. The parts follow each other; an empty text has
/// none.
std::vector<std::string_view> cutAtNames(std::string_view text, std::span<const std::string> names);

} // namespace cria
