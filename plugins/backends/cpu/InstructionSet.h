// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Detects which compiled code this processor and operating system can run.
#pragma once

#include "plugins/sdk/cria_backend.hpp"

#include <string>
#include <string_view>

namespace cria::cpu {

/// Scores code by its format, kernel ABI version and features: 100 for baseline code, more for more
/// specialized code, 0 with a reason if it cannot run. Thread-safe.
plugin::CodeScore scoreCode(const cria_executable_info &info);

/// Returns the highest level that this machine runs, such as "x86-64-v4-vnni".
std::string_view bestLevel();

} // namespace cria::cpu
