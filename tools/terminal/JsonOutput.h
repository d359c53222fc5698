// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// JSON on stdout.
#pragma once

#include "tools/terminal/Terminal.h"

#include <nlohmann/json.hpp>

namespace cria::cli {

/// The JSON text of a value and a newline; indent -1: on one line. Invalid UTF-8, as in file names, becomes
/// U+FFFD.
inline std::string jsonText(const nlohmann::ordered_json &value, int indent = -1) {
  return value.dump(indent, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

/// Writes a value. Returns false when stdout is closed or full.
inline bool writeJson(const nlohmann::ordered_json &value, int indent = -1) {
  return writeData(jsonText(value, indent));
}

} // namespace cria::cli
