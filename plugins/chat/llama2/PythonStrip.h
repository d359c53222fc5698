// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// strip as Python's str does it: the format of Llama-2-chat is defined by it.
#pragma once

#include <string_view>

/// UTF-8 `text` without whitespace characters at its beginning. The result points into `text`.
std::string_view stripLeft(std::string_view text);
/// The same for its end.
std::string_view stripRight(std::string_view text);
inline std::string_view strip(std::string_view text) { return stripLeft(stripRight(text)); }
