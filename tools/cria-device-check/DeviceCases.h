// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What kernels for devices are checked on: a small module for every family in shapes that are multiples of
// nothing, with the steps to run. The same in every program of one build, so that a program without the
// compiler can run what another has compiled.
#pragma once

#include "tools/cria-device-check/DeviceModules.h"
#include "tools/cria-device-check/OpCases.h"

namespace cria::conformance {

/// Sums in f32 in another order: the tolerance of all that is not rounded to 16 bits.
inline constexpr double kSingleTolerance = 2e-5;

struct DeviceCase : DeviceModule {
  Tensors tensors;
  double tolerance = 0;            // of prompts, relative to the largest magnitude of a step
  std::vector<StepInputs> prompts; // through `prefill`
  bool alone = true;               // each row of the prompts by itself, too
  bool conflictFree = true;        // prompts meet in no bank of shared memory
  double fewTolerance = kSingleTolerance;
  std::vector<StepInputs> few; // up to 8 rows each: through `small`, and row by row through `decode`
};

/// Pages that steps may use.
inline constexpr uint64_t kCasePages = 48;

std::vector<DeviceCase> deviceCases();

} // namespace cria::conformance
