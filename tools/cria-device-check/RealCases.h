// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Cases at the shapes of real models, which are too large to be compared element by element: the reference
// computes only a sample of the result, in double precision. Large weights are random(seed), which the device
// generates and any element of which can be computed alone, so that neither the programs nor the host hold
// them.
#pragma once

#include "tools/cria-device-check/DeviceModules.h"
#include "tools/cria-device-check/OpCases.h"

#include <functional>

namespace cria::conformance {

/// A module, the steps to run on one cache, and a sample of the expected results.
struct RealCase : DeviceModule {
  Tensors tensors; // without those that the device generates
  uint64_t pages = 0;
  double tolerance = 0;            // for `prefill`, relative to the largest magnitude of the sample
  double fewTolerance = 0;         // for `small`
  std::vector<StepInputs> prompts; // steps for `prefill`; the results of the last are compared
  StepInputs few;                  // the step after them: 8 rows for `small`, and row by row for `decode`
  std::vector<uint64_t> columns;   // the sampled columns of results
  /// Computes the sampled columns of the results of a step, which are the rows that it outputs.
  std::function<Matrix(const StepInputs &step)> expected;
};

/// The dimensions of a model, and how many tokens its cases run in a step and keep in the cache.
struct RealSizes {
  uint64_t dim, ffnDim, vocabSize;
  uint64_t kvHeads; // for heads of 128 dimensions, with 1 and with 8 query heads each
  uint64_t tokens, context;
};
/// Those of Llama 2 7B, whose heads are also grouped as in 70B: 512 tokens a step, a context of 4096.
inline constexpr RealSizes kRealSizes{4096, 11008, 32000, 8, 512, 4096};
/// Sizes for a rehearsal in the simulator.
inline constexpr RealSizes kRehearsalSizes{256, 336, 520, 1, 40, 160};

/// Returns the cases of these sizes, whose names begin with "real-" and contain the sizes.
std::vector<RealCase> realCases(const RealSizes &sizes);

} // namespace cria::conformance
