// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Calls of plugin functions: a buffer for the message, and the conversion of cria_status to Status.
// Public: included by runtime/cria.h.
#pragma once

#include "plugins/api/cria_plugin.h"
#include "support/Status.h"

#include <array>
#include <cstring>
#include <string_view>

namespace cria {

/// Returns a view of `text`, empty if its data is NULL.
inline std::string_view view(cria_string text) {
  return text.data == nullptr ? std::string_view() : std::string_view(text.data, text.size);
}
inline cria_string abiString(std::string_view text) { return {text.data(), text.size()}; }

/// A cria_message with a buffer on the stack.
class MessageBuffer {
public:
  MessageBuffer() : message_{sizeof(cria_message), 0, room_.data(), room_.size(), 0} {}
  MessageBuffer(const MessageBuffer &) = delete;
  MessageBuffer &operator=(const MessageBuffer &) = delete;

  cria_message *get() { return &message_; }
  std::string text() const;
  /// Returns `status` as a Status with "where: message". An unknown code becomes internal.
  Status toStatus(cria_status status, std::string_view where) const;

private:
  static constexpr size_t kCapacity = 1024;
  std::array<char, kCapacity> room_{}; // zeros, since a plugin may state a larger size than it has written
  cria_message message_;
};

/// Calls a plugin function. `where` begins the message of an error, as in
///   callPlugin("backend cpu", [&](cria_message *m) { return api.open(&options, &context, m); })
template <typename Call> Status callPlugin(std::string_view where, Call &&call) {
  MessageBuffer message;
  const cria_status status = call(message.get());
  return status == CRIA_STATUS_OK ? Status() : message.toStatus(status, where);
}

/// The same for a call that creates an object and writes it to `object`. Errors: also internal if the
/// status is ok but there is no object.
template <typename Object, typename Call>
Status createByPlugin(std::string_view where, Object *const &object, Call &&call) {
  CRIA_RETURN_IF_ERROR(callPlugin(where, std::forward<Call>(call)));
  return object != nullptr
             ? Status()
             : error(StatusCode::internal,
                     "{} violates the plugin contract: expected an object with status OK, got NULL", where);
}

/// Copies a struct of the ABI that begins with struct_size. Fields beyond struct_size are zero.
template <typename Table> Table readTable(const void *table) {
  uint32_t size = 0;
  std::memcpy(&size, table, sizeof(size));
  Table result{};
  std::memcpy(&result, table, size < sizeof(Table) ? size : sizeof(Table));
  return result;
}

} // namespace cria
