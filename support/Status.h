// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Status and StatusOr: the results of functions that can fail, in all code without LLVM. A message is one
// sentence in lower case without a period: where, what was expected, what was found, what to do. The values
// of the codes are CRIA_STATUS_* of the plugin ABI, which runtime/plugin/PluginCall.cpp asserts.
#pragma once

#include <cassert>
#include <cstdint>
#include <fmt/format.h>
#include <optional>
#include <string>
#include <utility>

namespace cria {

enum class StatusCode : uint32_t {
  ok = 0,
  invalidArgument = 1,
  unsupported = 2,
  notFound = 3,
  outOfMemory = 4,
  deviceLost = 5,
  incompatibleCode = 6,
  io = 7,
  cancelled = 8,
  timeout = 9,
  internal = 10,
};

class [[nodiscard]] Status {
public:
  Status() = default; // ok
  Status(StatusCode code, std::string message) : code_(code), message_(std::move(message)) {}

  bool ok() const { return code_ == StatusCode::ok; }
  StatusCode code() const { return code_; }
  const std::string &message() const { return message_; }

  /// Returns the same error with "prefix: " before its message; ok if this is ok.
  Status withContext(std::string_view prefix) const {
    return ok() ? *this : Status(code_, fmt::format("{}: {}", prefix, message_));
  }

private:
  StatusCode code_ = StatusCode::ok;
  std::string message_;
};

/// Formats the message, as in error(StatusCode::io, "{}: cannot open", path).
template <typename... Args>
Status error(StatusCode code, fmt::format_string<Args...> format, Args &&...args) {
  return Status(code, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args> Status invalidArgument(fmt::format_string<Args...> format, Args &&...args) {
  return Status(StatusCode::invalidArgument, fmt::format(format, std::forward<Args>(args)...));
}

/// A value, or the error status that explains why there is none. All accessors of the value require ok().
template <typename T> class [[nodiscard]] StatusOr {
public:
  StatusOr(T value) : value_(std::move(value)) {}
  StatusOr(Status status) : status_(std::move(status)) { assert(!status_.ok()); }

  bool ok() const { return value_.has_value(); }
  const Status &status() const { return status_; }
  T &value() & { return *value_; }
  const T &value() const & { return *value_; }
  T &&value() && { return std::move(*value_); }
  T &operator*() & { return *value_; }
  const T &operator*() const & { return *value_; }
  T &&operator*() && { return std::move(*value_); }
  T *operator->() { return &*value_; }
  const T *operator->() const { return &*value_; }

private:
  std::optional<T> value_;
  Status status_;
};

} // namespace cria

#define CRIA_CONCAT_IMPL(a, b) a##b
#define CRIA_CONCAT(a, b) CRIA_CONCAT_IMPL(a, b)

/// Returns from the enclosing function when `expression` is not ok.
#define CRIA_RETURN_IF_ERROR(expression)                                                                     \
  do {                                                                                                       \
    if (::cria::Status criaStatus = (expression); !criaStatus.ok()) {                                        \
      return criaStatus;                                                                                     \
    }                                                                                                        \
  } while (false)

/// Assigns the value of a StatusOr, or returns its status from the enclosing function, as in
///   CRIA_ASSIGN_OR_RETURN(auto file, openFile(path));
#define CRIA_ASSIGN_OR_RETURN(declaration, expression)                                                       \
  CRIA_ASSIGN_OR_RETURN_IMPL(CRIA_CONCAT(criaResult, __LINE__), declaration, expression)
#define CRIA_ASSIGN_OR_RETURN_IMPL(result, declaration, expression)                                          \
  auto result = (expression);                                                                                \
  if (!result.ok()) {                                                                                        \
    return result.status();                                                                                  \
  }                                                                                                          \
  declaration = std::move(result).value()
