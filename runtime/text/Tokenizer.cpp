// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/Tokenizer.h"

#include "runtime/text/StreamingDecoder.h"
#include "support/Utf8.h"

#include <algorithm>
#include <limits>

namespace cria {

/// Tokenizers may use int for sizes, and a byte may become a token or a mark of three bytes.
static constexpr size_t kMaxTextBytes = std::numeric_limits<int32_t>::max() / 8;

static Status checkText(std::string_view text) {
  if (const size_t at = utf8::findInvalid(text); at != std::string_view::npos) {
    return invalidArgument("text is not UTF-8 at byte {} (0x{:02X}); convert it to UTF-8", at,
                           static_cast<uint8_t>(text[at]));
  }
  if (text.size() > kMaxTextBytes) {
    return invalidArgument("expected a text of at most {} bytes, got {}; split it", kMaxTextBytes,
                           text.size());
  }
  return {};
}

StatusOr<std::vector<int32_t>> Tokenizer::encode(std::string_view text, TextPosition position,
                                                 SpecialTokens specials) const {
  CRIA_RETURN_IF_ERROR(checkText(text));
  if (text.empty()) {
    return std::vector<int32_t>();
  }
  CRIA_ASSIGN_OR_RETURN(std::vector<int32_t> ids, encodeText(text, position, specials));
  if (specials == SpecialTokens::asTokens) {
    return ids;
  }
  // A hostile tokenizer may give a control token the name of a character.
  const auto forbidden = std::ranges::find_if(
      ids, [&](int32_t id) { return id < 0 || id >= size() || kind(id) == TokenKind::control; });
  if (forbidden != ids.end()) {
    return invalidArgument("the tokenizer encodes text as the control token {}; its pieces "
                           "are inconsistent",
                           *forbidden);
  }
  return ids;
}

std::string Tokenizer::decode(std::span<const int32_t> ids, TextPosition position) const {
  StreamingDecoder decoder(*this, position);
  std::string text;
  for (const int32_t id : ids) {
    text += decoder.push(id);
  }
  return text + decoder.finish();
}

} // namespace cria
