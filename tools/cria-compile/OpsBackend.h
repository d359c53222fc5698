// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// --for: the ops that a backend supports, from its plugin manifest. The plugin is not loaded.
#pragma once

#include "passes/driver/CompileJob.h"

namespace cria {

/// `backend` is the path of a plugin manifest, or a name that is searched for in `folders`, in
/// CRIA_PLUGIN_PATH and in the folders relative to the program. Errors: notFound with the nearest names; the
/// reason why the manifest is refused; unsupported when it lists no ops.
StatusOr<OpsBackend> findOpsBackend(const std::string &backend, const std::vector<std::string> &folders);

} // namespace cria
