// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// StreamingDecoder: decodes token ids one at a time. The concatenation of its results equals the result of
// Tokenizer::decode for all ids.
// Public: included by runtime/cria.h.
#pragma once

#include "runtime/text/Tokenizer.h"

namespace cria {

/// Not thread-safe; callers serialize.
class StreamingDecoder {
public:
  /// The tokenizer outlives the decoder. position: continuation for the completion of a prompt, startOfText
  /// for a text of its own such as an answer in a chat.
  explicit StreamingDecoder(const Tokenizer &tokenizer, TextPosition position = TextPosition::startOfText)
      : tokenizer_(&tokenizer), position_(position) {}

  /// Returns the text that `id` completes: valid UTF-8, possibly empty. An incomplete character is held back.
  std::string push(int32_t id);
  /// Ends the text: returns U+FFFD for each byte that was held back. Later ids continue the text.
  std::string finish();
  /// The bytes held back: at most 3.
  std::string_view pending() const { return pending_; }

private:
  std::string_view surfaceOf(int32_t id);

  const Tokenizer *tokenizer_;
  TextPosition position_;
  std::string pending_;
};

} // namespace cria
