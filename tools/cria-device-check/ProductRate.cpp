// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cria-device-check/ProductRate.h"

#include "tools/cria-device-check/ProgramRunner.h"
#include "tools/cria-device-check/SteadyTime.h"

#include <algorithm>

namespace cria::check {
namespace {

constexpr double kNanosecondsPerSecond = 1e9;

} // namespace

double productRate(const CheckOptions &options, const LargeProduct &product,
                   const conformance::CompiledProgram &program) {
  conformance::Device device(conformance::Backend::named(options.backend), {.device = options.device});
  conformance::ProgramRunner runner(device, program, product.tensors(), product.pages());
  const conformance::StepInputs step = product.step();
  const double seconds = steadySeconds([&] {
    uint64_t longest = 0;
    for (const auto &[kernel, nanoseconds] : runner.times("prefill", step)) {
      longest = std::max(longest, nanoseconds);
    }
    return static_cast<double>(longest) / kNanosecondsPerSecond;
  });
  return product.operations() / seconds;
}

} // namespace cria::check
