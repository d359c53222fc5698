// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// White space and word characters in UTF-8, as Hugging Face tokenizers see them beside added tokens.
#pragma once

#include <cstddef>
#include <string_view>

namespace cria {

/// Return whether `text`, which is UTF-8, begins or ends with a character of a word: a letter, a mark, a
/// digit or a connector such as '_'. False for an empty text.
bool beginsWithWord(std::string_view text);
bool endsWithWord(std::string_view text);

/// Return the size in bytes of the white space at the beginning or at the end of `text`, which is UTF-8.
size_t leadingSpace(std::string_view text);
size_t trailingSpace(std::string_view text);

} // namespace cria
