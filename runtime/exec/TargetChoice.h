// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Chooses the target and the backend that a package runs with: the pair with the highest score of
// cria_backend_api::probe.
#pragma once

#include "runtime/exec/Model.h"

namespace cria {

struct TargetChoice {
  const BackendReference *backend = nullptr;
  const PackageTarget *target = nullptr;
  uint32_t score = 0;
};

/// Considers an explicit-only backend only if options.backend names it. Ties: the earlier backend, then the
/// earlier target. refused: the reasons why other backends could not be loaded, for the message. Errors:
/// unsupported with every reason; notFound if options.backend or options.target does not exist.
StatusOr<TargetChoice> chooseTarget(const Manifest &manifest, std::span<const BackendReference> backends,
                                    const ModelOptions &options, const std::vector<std::string> &refused);

} // namespace cria
