// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// UTF-8 as Unicode defines it: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cria::utf8 {

/// Bytes of the character at the start of `bytes`: 1 to 4; 0 if the bytes are no character; -1 if they are
/// the beginning of one and more bytes are needed. `bytes` is not empty.
int measure(std::string_view bytes);

/// Offset of the first byte that belongs to no character, or npos if all of `text` is UTF-8.
size_t findInvalid(std::string_view text);

/// Moves all complete characters from the front of `bytes` to the result, each undecodable byte as U+FFFD;
/// leaves an incomplete character at the end in `bytes`.
std::string takeComplete(std::string &bytes);

/// `bytes` with U+FFFD for each byte that belongs to no character.
std::string replaceInvalid(std::string_view bytes);

} // namespace cria::utf8
