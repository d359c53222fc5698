// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which compiled code this processor and operating system can run.
#pragma once

#include "plugins/api/cria_plugin.h"

#include <string>
#include <string_view>

namespace cria::cpu {

/// The format this build runs: "elf.x86_64" or "elf.aarch64".
std::string_view nativeFormat();

/// A score (0: cannot run) and, for 0, the reason as a sentence.
struct Fit {
  uint32_t score = 0;
  std::string reason;
};

/// Judges format, kernel ABI version and features. 100 is plain code; more specialized code scores higher.
Fit fitOf(const cria_executable_info &info);

/// The best level this machine runs, e.g. "x86-64-v4-vnni".
std::string_view bestLevel();

} // namespace cria::cpu
