// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// StreamingDecoder: ids to text, one id at a time. What it returns, joined, equals Tokenizer::decode of all
// ids.
#pragma once

#include "runtime/text/Tokenizer.h"

namespace cria {

class StreamingDecoder {
public:
  /// The tokenizer outlives the decoder. keepLeadingSpace: the text continues another (a completion); false:
  /// it stands alone (a chat answer) and its first piece loses its leading space.
  explicit StreamingDecoder(const Tokenizer &tokenizer, bool keepLeadingSpace = false)
      : tokenizer_(&tokenizer), atStart_(!keepLeadingSpace) {}

  /// The text that became certain with `id`: valid UTF-8, possibly empty. An incomplete character is held
  /// back.
  std::string push(int32_t id);
  /// The rest, when no more ids follow: each held-back byte as U+FFFD. The decoder then is at its start
  /// again, as if made with the same keepLeadingSpace = true (a text that goes on).
  std::string finish();
  /// Bytes held back: at most 3.
  std::string_view pending() const { return pending_; }

private:
  std::string_view bytesOf(int32_t id);

  const Tokenizer *tokenizer_;
  bool atStart_;
  std::string pending_;
};

} // namespace cria
