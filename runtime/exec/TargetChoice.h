// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Ranks the targets of a package and the backends that can run it by the scores of cria_backend_api::probe.
#pragma once

#include "runtime/exec/Model.h"

namespace cria {

/// A target of a package and a backend that accepts it.
struct TargetChoice {
  const BackendReference *backend = nullptr;
  const PackageTarget *target = nullptr;
  uint32_t score = 0;
};

/// What a backend says of a target that it cannot run, or that runs slowly here.
struct TargetRemark {
  std::string backend;
  std::string text; // begins with both names
};

struct TargetRanking {
  std::vector<TargetChoice> choices;
  std::vector<TargetRemark> remarks;

  /// The texts of the remarks of one backend.
  std::vector<std::string> remarksOf(std::string_view backend) const;
};

/// Returns every pair that may run, at least one, in descending order of score; of equal scores, the earlier
/// backend is first, then the earlier target. Considers an explicit-only backend only if options.backend
/// names it. refused: the reasons why other backends could not be loaded, for the message. Errors:
/// unsupported with every reason; notFound if options.backend or options.target does not exist.
StatusOr<TargetRanking> rankTargets(const Manifest &manifest, std::span<const BackendReference> backends,
                                    const ModelOptions &options, const std::vector<std::string> &refused);

} // namespace cria
