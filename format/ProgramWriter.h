// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The writer of programs/<target>.json, the inverse of parseProgram().
#pragma once

#include "format/Program.h"

#include <nlohmann/json.hpp>

namespace cria {

/// Returns the JSON of a verified program, with members in the order of docs/package-format.md.
/// Thread-safe.
nlohmann::ordered_json programToJson(const Program &program);

} // namespace cria
