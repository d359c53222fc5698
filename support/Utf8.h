// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// UTF-8 as Unicode defines it: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cria::utf8 {

/// Returns the size in bytes, 1 to 4, of the character at the start of `bytes`; 0 if there is no valid
/// character; -1 if the bytes are a proper prefix of one. REQUIRES: `bytes` is not empty.
int measure(std::string_view bytes);

/// Returns the offset of the first byte that does not belong to a character, or npos if `text` is valid
/// UTF-8.
size_t findInvalid(std::string_view text);

/// Moves all complete characters from the front of `bytes` to the result, with U+FFFD for each invalid
/// byte. An incomplete character at the end stays in `bytes`.
std::string takeComplete(std::string &bytes);

/// Returns `bytes` with U+FFFD for each byte that does not belong to a character.
std::string replaceInvalid(std::string_view bytes);

} // namespace cria::utf8
