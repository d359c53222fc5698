// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/StreamingDecoder.h"

#include "support/Utf8.h"

namespace cria {

std::string_view StreamingDecoder::surfaceOf(int32_t id) {
  const std::string_view surface = tokenizer_->surface(id, position_);
  // A space that is removed at the start is text, unless all are; a control token is not.
  const bool isText =
      tokenizer_->removesLeadingSpaces() ? !surface.empty() : !tokenizer_->surface(id).empty();
  if (isText) {
    position_ = TextPosition::continuation;
  }
  return surface;
}

std::string StreamingDecoder::push(int32_t id) {
  pending_ += surfaceOf(id);
  return utf8::takeComplete(pending_);
}

std::string StreamingDecoder::finish() {
  position_ = TextPosition::continuation;
  std::string rest = utf8::replaceInvalid(pending_);
  pending_.clear();
  return rest;
}

} // namespace cria
