// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the host offers to every plugin: the ABI versions it speaks and a log.
#pragma once

#include "plugins/api/cria_plugin.h"

#include <string>

namespace cria {

inline constexpr uint32_t kHostAbiMajor = CRIA_ABI_MAJOR;
inline constexpr uint32_t kHostAbiMinorMin = 0; // a minor version only appends
inline constexpr uint32_t kHostAbiMinorMax = CRIA_ABI_MINOR;

/// Lives until the process ends. Its log writes to stderr: errors and warnings, and also infos and debug
/// lines when the environment variable CRIA_LOG is "info" or "debug".
const cria_host &hostServices();

/// "1.0", or "1.0 to 1.3".
std::string abiRange(uint32_t major, uint32_t minorMin, uint32_t minorMax);

} // namespace cria
