// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From what --target says to the targets of a package.
#pragma once

#include "support/Status.h"

#include <string>
#include <vector>

namespace cria {

struct ExpandedTargets {
  std::vector<std::string> names; ///< of targets, in order, each once
  std::vector<std::string> notes; ///< what the user should know
};

/// What --target may be, for help and errors.
std::string targetHelp();

/// "cpu": every x86-64 level. "cuda[:sm_XX]": a cubin, where ptxas is at hand, and PTX for other cards, once
/// for the lowest SM named. "gpusim[:sm_XX]": the simulator's code. Else a target's own name, of a built-in
/// one or of those that `plugins` names. Errors: INVALID_ARGUMENT names what is known.
StatusOr<ExpandedTargets> expandTargets(const std::vector<std::string> &texts,
                                        const std::vector<std::string> &plugins = {});

} // namespace cria
