// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A backend of compiled code is tested with a package that has such code: its logits against those of the
// backend `reference` on the package's target `ops`.
#pragma once

#include "tools/cria-plugin-test/PluginSuite.h"

namespace cria::conformance {

/// For each target of the package: a prompt, token by token, several sequences in one step, and the
/// same twice, bit for bit. A target that the backend's probe refuses is unsupported; one at least is not.
/// Errors: why the package does not open, unsupported when it has no target `ops`, notFound without the
/// backend `reference`. The plugin outlives the cases.
StatusOr<std::vector<Case>> packageCases(const LoadedPlugin &plugin, const SuiteOptions &options);

} // namespace cria::conformance
