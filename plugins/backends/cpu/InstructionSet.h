// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which compiled code this processor and operating system can run.
#pragma once

#include "plugins/sdk/cria_backend.hpp"

#include <string>
#include <string_view>

namespace cria::cpu {

/// Judges format, kernel ABI version and features. 100 is plain code; more specialized code scores higher.
plugin::Fit fitOf(const cria_executable_info &info);

/// The best level this machine runs, e.g. "x86-64-v4-vnni".
std::string_view bestLevel();

} // namespace cria::cpu
