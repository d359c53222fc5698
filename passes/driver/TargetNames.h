// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Expands the values of --target to the targets of a package.
#pragma once

#include "passes/targets/cpu/Isa.h"
#include "support/Status.h"

#include <string>
#include <vector>

namespace cria {

struct ExpandedTargets {
  std::vector<std::string> names; ///< names of targets, in order, without duplicates
  std::vector<std::string> notes; ///< what the user should know
};

/// The possible values of --target, for help and errors.
std::string targetHelp();

/// Expands these shorthands; any other text must be the name of a built-in target or one of `plugins`.
///   "cpu": the x86-64 levels that differ for weights with or without codes.
///   "cuda[:sm_XX]": a cubin, if ptxas is available, and PTX for newer GPUs, once for the lowest SM named.
///   "gpusim[:sm_XX]": code for the simulator.
/// Errors: invalidArgument, with the known names.
StatusOr<ExpandedTargets> expandTargets(const std::vector<std::string> &texts,
                                        const std::vector<std::string> &plugins, cpu::ProductKinds products);

} // namespace cria
