// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria_plugin.hpp - optional C++20 conveniences over cria_plugin.h for plugins of every kind: strings,
// messages, the implementation of cria_plugin_query, and guarded(), which converts exceptions to statuses.
#pragma once

#include "cria_plugin.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

namespace cria::plugin {

inline std::string_view view(cria_string text) { return {text.data, static_cast<size_t>(text.size)}; }
constexpr cria_string string(std::string_view text) { return {text.data(), text.size()}; }

/// Writes `text` to the caller's message buffer, truncating, and returns `status`.
inline cria_status report(cria_message *message, cria_status status, std::string_view text) {
  if (message != nullptr && message->data != nullptr) {
    message->size = text.size() < message->capacity ? text.size() : message->capacity;
    std::memcpy(message->data, text.data(), message->size);
  }
  return status;
}

/// An exception that ends a call within guarded(), which returns its status and message.
class Refusal : public std::runtime_error {
public:
  Refusal(cria_status status, const std::string &text) : std::runtime_error(text), status_(status) {}
  cria_status status() const { return status_; }

private:
  cria_status status_;
};

/// Runs body() -> cria_status and converts exceptions to statuses.
template <typename Body> cria_status guarded(cria_message *message, Body body) {
  try {
    return body();
  } catch (const Refusal &refusal) {
    return report(message, refusal.status(), refusal.what());
  } catch (const std::bad_alloc &) {
    return report(message, CRIA_STATUS_OUT_OF_MEMORY, "out of host memory");
  } catch (const std::exception &exception) {
    return report(message, CRIA_STATUS_INTERNAL, exception.what());
  } catch (...) {
    return report(message, CRIA_STATUS_INTERNAL, "an exception of unknown type");
  }
}

/// Returns the size in bytes of an element of a CRIA_TYPE_*; 0 for an unknown type.
constexpr uint64_t sizeOfType(uint32_t type) {
  switch (type) {
  case CRIA_TYPE_F32:
  case CRIA_TYPE_I32:
  case CRIA_TYPE_U32:
    return 4;
  case CRIA_TYPE_F16:
  case CRIA_TYPE_BF16:
    return 2;
  case CRIA_TYPE_U8:
  case CRIA_TYPE_I8:
    return 1;
  default:
    return 0;
  }
}

/// Reports a reserved field that is not zero, since it has a meaning only in later versions.
inline cria_status refuseReserved(cria_message *message, std::string_view where) {
  return guarded(message, [&] {
    return report(message, CRIA_STATUS_INVALID_ARGUMENT,
                  std::string(where) + ": the reserved field is not zero");
  });
}

/// Returns "1.0 to 1.3".
inline std::string abiRange(uint32_t major, uint32_t lowest, uint32_t highest) {
  return std::to_string(major) + "." + std::to_string(lowest) + " to " + std::to_string(major) + "." +
         std::to_string(highest);
}

/// The lowest minor version that the plugin requires; cria_add_plugin sets it.
#ifndef CRIA_PLUGIN_ABI_MINOR_MIN
#define CRIA_PLUGIN_ABI_MINOR_MIN CRIA_ABI_MINOR
#endif

/// Implements cria_plugin_query: checks that host and plugin support a common version, and fills *out with
/// the highest one and the description of the plugin.
inline cria_status answerQuery(const cria_host *host, cria_plugin *out, cria_message *message, uint32_t kind,
                               std::string_view name, std::string_view version, std::string_view description,
                               const void *api) {
  constexpr uint32_t lowest = CRIA_PLUGIN_ABI_MINOR_MIN;
  constexpr uint32_t highest = CRIA_ABI_MINOR;
  if (host->abi_major != CRIA_ABI_MAJOR || host->abi_minor_max < lowest || host->abi_minor_min > highest) {
    return report(message, CRIA_STATUS_INCOMPATIBLE_CODE,
                  "this plugin supports plugin ABI " + abiRange(CRIA_ABI_MAJOR, lowest, highest) +
                      ", the host supports " +
                      abiRange(host->abi_major, host->abi_minor_min, host->abi_minor_max));
  }
  out->abi_major = CRIA_ABI_MAJOR;
  out->abi_minor = std::min(highest, host->abi_minor_max);
  out->kind = kind;
  out->name = string(name);
  out->version = string(version);
  out->description = string(description);
  out->api = api;
  out->get_extension = nullptr;
  return CRIA_STATUS_OK;
}

} // namespace cria::plugin
