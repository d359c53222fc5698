// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria_plugin.hpp - optional C++20 conveniences over cria_plugin.h for plugins of every kind: strings,
// messages, the answer to cria_plugin_query, and the wall that keeps exceptions inside.
#pragma once

#include "cria_plugin.h"

#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <string_view>

namespace cria::plugin {

inline std::string_view view(cria_string text) { return {text.data, static_cast<size_t>(text.size)}; }
inline cria_string string(std::string_view text) { return {text.data(), text.size()}; }

/// Writes `text` to the caller's message buffer, truncating, and returns `status`.
inline cria_status report(cria_message *message, cria_status status, std::string_view text) {
  if (message != nullptr && message->data != nullptr) {
    message->size = text.size() < message->capacity ? text.size() : message->capacity;
    std::memcpy(message->data, text.data(), message->size);
  }
  return status;
}

/// Runs body() -> cria_status and turns exceptions into statuses.
template <typename Body> cria_status guarded(cria_message *message, Body body) {
  try {
    return body();
  } catch (const std::bad_alloc &) {
    return report(message, CRIA_STATUS_OUT_OF_MEMORY, "out of host memory");
  } catch (const std::exception &exception) {
    return report(message, CRIA_STATUS_INTERNAL, exception.what());
  } catch (...) {
    return report(message, CRIA_STATUS_INTERNAL, "an exception of unknown type");
  }
}

/// Runs make(std::unique_ptr<Object> &) -> cria_status and hands out what it made when the answer is OK.
template <typename Object, typename Make>
cria_status handOut(Object **out, cria_message *message, Make make) {
  return guarded(message, [&] {
    std::unique_ptr<Object> object;
    const cria_status status = make(object);
    if (status == CRIA_STATUS_OK) {
      *out = object.release();
    }
    return status;
  });
}

/// A reserved field that is not zero asks for what this version does not know.
inline cria_status refuseReserved(cria_message *message, std::string_view where) {
  return guarded(message, [&] {
    return report(message, CRIA_STATUS_INVALID_ARGUMENT,
                  std::string(where) + ": the reserved field is not zero");
  });
}

/// Declares a numeric option (INT, FLOAT or FLAG). defaultNumber NaN: it must be given.
inline cria_option_info numberOption(uint32_t type, std::string_view name, std::string_view description,
                                     double defaultNumber, double minimum, double maximum) {
  return {sizeof(cria_option_info),
          type,
          string(name),
          string(description),
          defaultNumber,
          minimum,
          maximum,
          {nullptr, 0}};
}

inline cria_option_info flagOption(std::string_view name, std::string_view description, bool defaultFlag) {
  return numberOption(CRIA_OPTION_FLAG, name, description, defaultFlag ? 1 : 0, 0, 1);
}

inline cria_option_info textOption(std::string_view name, std::string_view description,
                                   std::string_view text) {
  return {
      sizeof(cria_option_info), CRIA_OPTION_STRING, string(name), string(description), 0, 0, 0, string(text)};
}

/// Answers cria_plugin_query: checks that a version is shared, then stamps it with the plugin's identity.
inline cria_status answerQuery(const cria_host *host, cria_plugin *out, cria_message *message, uint32_t kind,
                               std::string_view name, std::string_view version, std::string_view description,
                               const void *api) {
  if (host->abi_major != CRIA_ABI_MAJOR || host->abi_minor_max < CRIA_ABI_MINOR ||
      host->abi_minor_min > CRIA_ABI_MINOR) {
    return report(message, CRIA_STATUS_INCOMPATIBLE_CODE,
                  "this plugin speaks plugin ABI " + std::to_string(CRIA_ABI_MAJOR) + "." +
                      std::to_string(CRIA_ABI_MINOR) + ", the host speaks " +
                      std::to_string(host->abi_major) + "." + std::to_string(host->abi_minor_min) + " to " +
                      std::to_string(host->abi_minor_max));
  }
  out->abi_major = CRIA_ABI_MAJOR;
  out->abi_minor = CRIA_ABI_MINOR;
  out->kind = kind;
  out->name = string(name);
  out->version = string(version);
  out->description = string(description);
  out->api = api;
  out->get_extension = nullptr;
  return CRIA_STATUS_OK;
}

} // namespace cria::plugin
