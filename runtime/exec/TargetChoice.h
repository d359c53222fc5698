// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which target of a package runs on which backend: all are asked, the best score wins.
#pragma once

#include "runtime/exec/Model.h"

namespace cria {

struct TargetChoice {
  const BackendReference *backend = nullptr;
  const PackageTarget *target = nullptr;
  uint32_t score = 0;
};

/// Explicit-only backends take part only when options.backend names them. `refused` holds reasons of backends
/// that could not be loaded, for the message. Ties: the earlier backend, then the earlier target. Errors:
/// UNSUPPORTED with every reason; NOT_FOUND when options.backend or options.target is not there.
StatusOr<TargetChoice> chooseTarget(const Manifest &manifest, std::span<const BackendReference> backends,
                                    const ModelOptions &options, const std::vector<std::string> &refused);

} // namespace cria
