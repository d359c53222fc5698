// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Checks of what a plugin answers: that its function table is complete and its options are declared properly.
#pragma once

#include "runtime/plugin/PluginRegistry.h"

namespace cria {

/// api: the table of a plugin of that kind, as it came. Errors: incompatibleCode naming the required function
/// that is missing, or the option and what is wrong with it.
Status checkTable(PluginKind kind, const void *api);

} // namespace cria
