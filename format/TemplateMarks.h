// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// mentionsToken: whether a chat template could write a token, by its text alone.
#pragma once

#include <string_view>

namespace cria {

/// Returns whether the text of a template contains the name of a token, or all its parts: the words and the
/// signs between them, as "<|", "user" and "|>", of which roles need not be in the text. A template may join
/// them.
bool mentionsToken(std::string_view text, std::string_view name);

} // namespace cria
