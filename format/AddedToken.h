// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// AddedToken: a token that a checkpoint defines above those of its tokenizer file, as fine-tunes do.
#pragma once

#include <cstdint>
#include <string>

namespace cria {

struct AddedToken {
  int64_t id = 0;            // may be an id of the tokenizer file, whose token it replaces
  std::string text;          // UTF-8, the text that users see
  bool isSpecial = false;    // a control token: never the result of encoding text
  bool stripsLeft = false;   // takes the white space before it
  bool stripsRight = false;  // takes the white space after it
  bool isWord = false;       // only where no character of a word is next to it
  bool isNormalized = false; // searched in what the tokens that are not normalized leave
  bool operator==(const AddedToken &) const = default;
};

} // namespace cria
