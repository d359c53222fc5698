// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/TextSplitter.h"

#include "runtime/text/Characters.h"

#include <algorithm>

namespace cria {

bool touchesWord(std::string_view text, size_t begin, size_t end) {
  return endsWithWord(text.substr(0, begin)) || beginsWithWord(text.substr(end));
}

void TextSplitter::take(size_t begin, size_t end, int32_t id, const TokenFlags &flags) {
  if (flags.stripsLeft) {
    begin = std::max(done_, begin - trailingSpace(text_.substr(0, begin)));
  }
  if (flags.stripsRight) {
    end += leadingSpace(text_.substr(end));
  }
  if (begin > done_) {
    parts_.push_back({.text = text_.substr(done_, begin - done_)});
  }
  if (begin < end) { // otherwise the token before it has stripped it
    parts_.push_back({.text = {}, .id = id});
  }
  done_ = end;
}

void TextSplitter::finish() {
  if (done_ < text_.size()) {
    parts_.push_back({.text = text_.substr(done_)});
  }
}

} // namespace cria
