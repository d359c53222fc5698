// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// JSON on stdout.
#pragma once

#include "tools/terminal/Terminal.h"

#include <nlohmann/json.hpp>

namespace cria::cli {

/// Writes a value and a newline; indent -1: on one line. Names of files need not be UTF-8: what is not
/// becomes U+FFFD.
inline void writeJson(const nlohmann::ordered_json &value, int indent = -1) {
  writeData(value.dump(indent, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

} // namespace cria::cli
