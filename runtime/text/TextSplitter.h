// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// TextSplitter: cuts a text into tokens and the texts between them, by the rules of Hugging Face tokenizers
// for the white space beside a token.
#pragma once

#include "runtime/text/Tokenizer.h"

#include <string_view>
#include <vector>

namespace cria {

/// A token of a text, or a text between tokens.
struct TextPart {
  std::string_view text; // of a token: empty
  int32_t id = -1;       // -1: a text
};

/// Returns whether a character of a word is next to [begin, end) of `text`, which is UTF-8.
bool touchesWord(std::string_view text, size_t begin, size_t end);

class TextSplitter {
public:
  /// `parts`, to which the parts are appended, outlives the splitter. They are views of `text`, which is
  /// UTF-8.
  TextSplitter(std::string_view text, std::vector<TextPart> &parts) : text_(text), parts_(parts) {}

  /// Takes the token at [begin, end) with the white space that it strips. Tokens come from left to right.
  void take(size_t begin, size_t end, int32_t id, const TokenFlags &flags);
  /// Appends the text after the last token.
  void finish();

private:
  std::string_view text_;
  std::vector<TextPart> &parts_;
  size_t done_ = 0; // the bytes that are in the parts
};

} // namespace cria
