// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The time between dependent kernels of a CUDA graph, with and without programmatic dependent launch, which
// the plugin ABI has no name for.
#pragma once

#include <cstdint>
#include <string>

namespace cria::check {

struct LaunchGap {
  double plainSeconds = 0;        // per kernel that does nothing
  double programmaticSeconds = 0; // the same with programmatic dependent launch
  std::string reason;             // why they were not measured
  bool isMissing = false;         // device, driver or code cannot do it; any other reason is a failure
};

/// Measures graphs of `dispatches` and of three times as many kernels on `blocks` blocks: their difference is
/// free of the time of a launch of the graph. code: a cubin or PTX with the kernels of CeilingKernels.h.
LaunchGap measureLaunchGap(uint32_t device, const std::string &code, uint32_t dispatches, uint32_t blocks);

} // namespace cria::check
