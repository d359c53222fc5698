// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Calls through the plugin ABI: room for a message, and its answer as a Status.
#pragma once

#include "plugins/api/cria_plugin.h"
#include "support/Status.h"

#include <array>
#include <cstring>
#include <string_view>

namespace cria {

inline std::string_view view(cria_string text) {
  return text.data == nullptr ? std::string_view() : std::string_view(text.data, text.size);
}
inline cria_string abiString(std::string_view text) { return {text.data(), text.size()}; }

/// Room for one message, on the stack.
class MessageBuffer {
public:
  MessageBuffer() : message_{sizeof(cria_message), 0, room_.data(), room_.size(), 0} {}
  MessageBuffer(const MessageBuffer &) = delete;
  MessageBuffer &operator=(const MessageBuffer &) = delete;

  cria_message *get() { return &message_; }
  std::string text() const;
  /// ok, or the answer's code with "where: message". An unknown code becomes internal.
  Status toStatus(cria_status answer, std::string_view where) const;

private:
  static constexpr size_t kCapacity = 1024;
  std::array<char, kCapacity> room_{}; // zero, since a plugin may claim to have written more than it did
  cria_message message_;
};

/// callPlugin("backend cpu", [&](cria_message *m) { return api.open(&options, &context, m); })
template <typename Call> Status callPlugin(std::string_view where, Call &&call) {
  MessageBuffer message;
  const cria_status answer = call(message.get());
  return answer == CRIA_STATUS_OK ? Status() : message.toStatus(answer, where);
}

/// The same for a call that makes an object and writes it to `object`: "ok" without one breaks the contract.
template <typename Object, typename Call>
Status createByPlugin(std::string_view where, Object *const &object, Call &&call) {
  CRIA_RETURN_IF_ERROR(callPlugin(where, std::forward<Call>(call)));
  return object != nullptr
             ? Status()
             : error(StatusCode::internal, "{} broke its contract: it answered ok and made nothing", where);
}

/// A growable struct of the ABI as this program knows it: fields beyond the plugin's struct_size are zero.
template <typename Table> Table readTable(const void *table) {
  uint32_t size = 0;
  std::memcpy(&size, table, sizeof(size));
  Table result{};
  std::memcpy(&result, table, size < sizeof(Table) ? size : sizeof(Table));
  return result;
}

} // namespace cria
