// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// --for: what a backend takes of the opset, from its sidecar. No plugin is opened for it.
#pragma once

#include "passes/targets/ops/OpsTarget.h"
#include "support/Status.h"

namespace cria {

/// backend: a name that is searched in `folders`, CRIA_PLUGIN_PATH and beside the program, or the path of a
/// sidecar. Errors: notFound with the nearest names; why the sidecar is refused; unsupported when it lists no
/// ops.
StatusOr<OpsCapabilities> findOpsBackend(const std::string &backend, const std::vector<std::string> &folders);

} // namespace cria
