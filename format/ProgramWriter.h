// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A Program to programs/<target>.json, the reverse of parseProgram().
#pragma once

#include "format/Program.h"

#include <nlohmann/json.hpp>

namespace cria {

/// The JSON of a verified program, member by member in the order of docs/package-format.md. Thread-safe.
nlohmann::ordered_json programToJson(const Program &program);

} // namespace cria
