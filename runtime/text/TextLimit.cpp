// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/TextLimit.h"

#include <algorithm>

namespace cria {

static constexpr uint64_t kAlwaysAllowedBytes = uint64_t(1) << 20;

static uint64_t longestToken(const Tokenizer &tokenizer) {
  uint64_t bytes = 0;
  for (int32_t id = 0; id < tokenizer.size(); ++id) {
    bytes = std::max<uint64_t>({bytes, tokenizer.surface(id).size(), tokenizer.piece(id).size()});
  }
  return bytes;
}

Status checkTextLength(std::string_view text, const Tokenizer &tokenizer, uint32_t context) {
  if (text.size() <= kAlwaysAllowedBytes) {
    return {};
  }
  const uint64_t longest = longestToken(tokenizer);
  const uint64_t limit = std::max(kAlwaysAllowedBytes, longest * context);
  if (text.size() <= limit) {
    return {};
  }
  return invalidArgument(
      "the text is too long: expected at most {} bytes for a context of {} tokens of at most "
      "{} bytes, got {}; shorten it or use a longer context",
      limit, context, longest, text.size());
}

} // namespace cria
