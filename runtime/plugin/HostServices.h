// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The host's side of the plugin ABI: the supported versions and a log.
#pragma once

#include "plugins/api/cria_plugin.h"

#include <string>

namespace cria {

inline constexpr uint32_t kHostAbiMajor = CRIA_ABI_MAJOR;
inline constexpr uint32_t kHostAbiMinorMin = 0; // a minor version only appends
inline constexpr uint32_t kHostAbiMinorMax = CRIA_ABI_MINOR;

/// Returns the host that all plugins receive. It lives until the process ends. Its log writes errors and
/// warnings to stderr, and also info and debug messages if the environment variable CRIA_LOG is "info" or
/// "debug".
const cria_host &hostServices();

/// Returns "1.0", or "1.0 to 1.3" for a range.
std::string abiRange(uint32_t major, uint32_t minorMin, uint32_t minorMax);

} // namespace cria
