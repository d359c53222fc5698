// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cria-device-check/ProductRate.h"

#include "tools/cria-device-check/ProgramRunner.h"

#include <algorithm>

namespace cria::check {
namespace {

constexpr double kNanosecondsPerSecond = 1e9;
constexpr int kProfiledRuns = 5;

} // namespace

double productRate(const CheckOptions &options, const LargeProduct &product,
                   const conformance::CompiledProgram &program) {
  conformance::Device device(conformance::Backend::named(options.backend), {.device = options.device});
  conformance::ProgramRunner runner(device, program, product.tensors(), product.pages());
  const conformance::StepInputs step = product.step();
  uint64_t best = UINT64_MAX;
  for (int i = 0; i < kProfiledRuns; ++i) {
    uint64_t longest = 0;
    for (const auto &[kernel, nanoseconds] : runner.times("prefill", step)) {
      longest = std::max(longest, nanoseconds);
    }
    best = std::min(best, longest);
  }
  return product.operations() / (static_cast<double>(best) / kNanosecondsPerSecond);
}

} // namespace cria::check
