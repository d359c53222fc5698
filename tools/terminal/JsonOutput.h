// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// JSON on stdout.
#pragma once

#include "tools/terminal/Terminal.h"

#include <nlohmann/json.hpp>

namespace cria::cli {

/// A value and a newline; indent -1: on one line. Names of files need not be UTF-8: what is not becomes
/// U+FFFD.
inline std::string jsonText(const nlohmann::ordered_json &value, int indent = -1) {
  return value.dump(indent, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

/// Writes it. Returns false when stdout is closed or full.
inline bool writeJson(const nlohmann::ordered_json &value, int indent = -1) {
  return writeData(jsonText(value, indent));
}

} // namespace cria::cli
