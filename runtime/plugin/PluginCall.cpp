// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/plugin/PluginCall.h"

#include "support/Utf8.h"

#include <algorithm>

namespace cria {

static_assert(static_cast<cria_status>(StatusCode::ok) == CRIA_STATUS_OK);
static_assert(static_cast<cria_status>(StatusCode::invalidArgument) == CRIA_STATUS_INVALID_ARGUMENT);
static_assert(static_cast<cria_status>(StatusCode::unsupported) == CRIA_STATUS_UNSUPPORTED);
static_assert(static_cast<cria_status>(StatusCode::notFound) == CRIA_STATUS_NOT_FOUND);
static_assert(static_cast<cria_status>(StatusCode::outOfMemory) == CRIA_STATUS_OUT_OF_MEMORY);
static_assert(static_cast<cria_status>(StatusCode::deviceLost) == CRIA_STATUS_DEVICE_LOST);
static_assert(static_cast<cria_status>(StatusCode::incompatibleCode) == CRIA_STATUS_INCOMPATIBLE_CODE);
static_assert(static_cast<cria_status>(StatusCode::io) == CRIA_STATUS_IO);
static_assert(static_cast<cria_status>(StatusCode::cancelled) == CRIA_STATUS_CANCELLED);
static_assert(static_cast<cria_status>(StatusCode::timeout) == CRIA_STATUS_TIMEOUT);
static_assert(static_cast<cria_status>(StatusCode::internal) == CRIA_STATUS_INTERNAL);

std::string MessageBuffer::text() const {
  const size_t size = static_cast<size_t>(std::min<uint64_t>(message_.size, room_.size()));
  std::string bytes(room_.data(), size);
  std::string text = utf8::takeComplete(bytes); // a truncated message may end within a character
  std::replace(text.begin(), text.end(), '\0', ' ');
  return text;
}

Status MessageBuffer::toStatus(cria_status status, std::string_view where) const {
  if (status == CRIA_STATUS_OK) {
    return {};
  }
  std::string reason = text();
  if (reason.empty()) {
    reason = fmt::format("failed with status {} and no message", status);
  }
  const auto code = status <= CRIA_STATUS_INTERNAL ? static_cast<StatusCode>(status) : StatusCode::internal;
  return Status(code, fmt::format("{}: {}", where, reason));
}

} // namespace cria
