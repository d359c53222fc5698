// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/plugin/PluginCall.h"

#include "runtime/text/Utf8.h"

#include <algorithm>

namespace cria {

std::string MessageBuffer::text() const {
  const size_t size = static_cast<size_t>(std::min<uint64_t>(message_.size, room_.size()));
  std::string bytes(room_.data(), size);
  std::string text = utf8::takeComplete(bytes); // a truncated message may end inside a character
  std::replace(text.begin(), text.end(), '\0', ' ');
  return text;
}

Status MessageBuffer::toStatus(cria_status answer, std::string_view where) const {
  if (answer == CRIA_STATUS_OK) {
    return {};
  }
  std::string reason = text();
  if (reason.empty()) {
    reason = fmt::format("failed with status {} and no message", answer);
  }
  const auto code = answer <= CRIA_STATUS_INTERNAL ? static_cast<StatusCode>(answer) : StatusCode::internal;
  return Status(code, fmt::format("{}: {}", where, reason));
}

} // namespace cria
