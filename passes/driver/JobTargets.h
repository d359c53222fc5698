// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The targets of a job.
#pragma once

#include "passes/driver/CompileJob.h"
#include "passes/targets/Target.h"
#include "passes/targets/cpu/Isa.h"

namespace cria {

/// Errors: those of TargetPlugins and expandTargets().
StatusOr<std::vector<std::unique_ptr<Target>>>
createTargets(const CompileJob &job, cpu::ProductKinds products, CompileObserver &observer);

} // namespace cria
