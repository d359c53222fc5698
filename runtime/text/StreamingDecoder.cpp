// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/StreamingDecoder.h"

#include "support/Utf8.h"

namespace cria {

std::string_view StreamingDecoder::bytesOf(int32_t id) {
  std::string_view bytes = tokenizer_->printed(id);
  if (bytes.empty()) { // control ids do not count as the first piece
    return bytes;
  }
  const TokenKind kind = tokenizer_->kind(id);
  const bool isPiece = kind == TokenKind::normal || kind == TokenKind::unused;
  if (atStart_ && isPiece && tokenizer_->stripsLeadingSpace() && bytes.front() == ' ') {
    bytes.remove_prefix(1);
  }
  atStart_ = false;
  return bytes;
}

std::string StreamingDecoder::push(int32_t id) {
  pending_ += bytesOf(id);
  return utf8::takeComplete(pending_);
}

std::string StreamingDecoder::finish() {
  atStart_ = false;
  std::string rest = utf8::replaceInvalid(pending_);
  pending_.clear();
  return rest;
}

} // namespace cria
