// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The check of a plugin's function table: it is complete and declares valid options.
#pragma once

#include "runtime/plugin/PluginRegistry.h"

namespace cria {

/// api: the table of a plugin of that kind. Errors: incompatibleCode naming the missing required function
/// or the invalid option.
Status checkTable(PluginKind kind, const void *api);

} // namespace cria
