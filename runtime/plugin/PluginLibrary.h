// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Opens a plugin's shared library. The library stays in the process until it ends.
#pragma once

#include "plugins/api/cria_plugin.h"
#include "support/Status.h"

#include <filesystem>

namespace cria {

/// The query function of the library at `path` (absolute). Runs the library's static constructors. Errors:
/// incompatibleCode with the dynamic loader's own words, or naming the missing symbol.
StatusOr<cria_plugin_query_fn> openPluginLibrary(const std::filesystem::path &path);

} // namespace cria
