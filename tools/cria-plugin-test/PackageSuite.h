// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Cases that compare a backend of compiled code with the backend `reference`: the logits of a package's
// target against those of its target `ops`.
#pragma once

#include "tools/cria-plugin-test/PluginSuite.h"

namespace cria::conformance {

/// Returns, for each target of the package, cases for a prompt, for decoding, for several sequences in one
/// step, and for equal bits in repeated runs. A target that the backend's probe refuses is unsupported; a
/// case fails if all targets are. Errors: those of opening the package; unsupported if it has no target
/// `ops`; notFound without the backend `reference`. The plugin must outlive the cases.
StatusOr<std::vector<Case>> packageCases(const LoadedPlugin &plugin, const SuiteOptions &options);

} // namespace cria::conformance
