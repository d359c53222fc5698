// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The cases for kernels on devices: a small module for every kernel family, with dimensions that are not
// multiples of tile sizes, and the steps to run. They are equal in every executable of a build, so that one
// without the compiler can run what another has compiled.
#pragma once

#include "tools/cria-device-check/DeviceModules.h"
#include "tools/cria-device-check/OpCases.h"

namespace cria::conformance {

/// The relative tolerance for f32 sums in another order, with no rounding to 16 bits.
inline constexpr double kSingleTolerance = 2e-5;
/// Those for prompts, in which the kernels round inputs to the type of the weights (f16: 2^-11, bf16: 2^-8),
/// and queries and softmax weights to that of the cache.
inline constexpr double kHalfTolerance = 2e-3, kBfloatTolerance = 1.5e-2;

struct DeviceCase : DeviceModule {
  Tensors tensors;
  double tolerance = 0;            // for prompts, relative to the largest magnitude of a step
  std::vector<StepInputs> prompts; // steps for `prefill`
  bool alone = true;               // also run each row of the prompts in a step of its own
  bool conflictFree = true;        // prompts cause no bank conflicts in shared memory
  double fewTolerance = kSingleTolerance;
  std::vector<StepInputs> few; // steps of up to 8 rows: for `small`, and row by row for `decode`
};

/// Number of pages that steps may use.
inline constexpr uint64_t kCasePages = 48;

std::vector<DeviceCase> deviceCases();

} // namespace cria::conformance
