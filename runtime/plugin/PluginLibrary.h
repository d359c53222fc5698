// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Opens the shared libraries of plugins, which stay loaded until the process ends.
#pragma once

#include "plugins/api/cria_plugin.h"
#include "support/Status.h"

#include <filesystem>

namespace cria {

/// Opens the library at the absolute `path`, which runs its static constructors, and returns its query
/// function. Errors: incompatibleCode with the message of the dynamic loader, or naming the missing symbol.
StatusOr<cria_plugin_query_fn> openPluginLibrary(const std::filesystem::path &path);

} // namespace cria
