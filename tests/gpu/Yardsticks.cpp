// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Yardsticks.h"

#include "tests/conformance/ProgramRunner.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>

namespace cria::check {
namespace {

using conformance::Backend;
using conformance::Device;

constexpr double kNanosecondsPerSecond = 1e9;
constexpr uint64_t kCopyBytes = uint64_t{256} << 20;
constexpr double kProbeSeconds = 0.03; // long against a launch
constexpr int kMostCopies = 100;
constexpr int kRepetitions = 5;

/// Copies between two buffers, much larger than any cache.
class Copies {
public:
  explicit Copies(const CheckOptions &options)
      : device_(Backend::named(options.backend), {.device = options.device}),
        from_(device_.allocate(kCopyBytes)), to_(device_.allocate(kCopyBytes)) {}

  double seconds(int count) {
    const cria_backend_api &api = device_.api();
    const auto start = std::chrono::steady_clock::now();
    bool good = true;
    for (int i = 0; i < count; ++i) {
      good = good && api.copy(device_.queue(), to_, 0, from_, 0, kCopyBytes, nullptr) == CRIA_STATUS_OK;
    }
    if (!good || api.finish(device_.queue(), nullptr) != CRIA_STATUS_OK) {
      throw std::runtime_error("the device does not copy");
    }
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

private:
  Device device_;
  cria_buffer *from_;
  cria_buffer *to_;
};

} // namespace

double copyBandwidth(const CheckOptions &options) {
  Copies copies(options);
  const int count = std::clamp(static_cast<int>(kProbeSeconds / copies.seconds(1)), 1, kMostCopies);
  double best = 0;
  for (int i = 0; i < kRepetitions; ++i) {
    best = std::max(best, 2.0 * kCopyBytes * count / copies.seconds(count));
  }
  return best;
}

double productRate(const CheckOptions &options, const LargeProduct &product,
                   const conformance::CompiledProgram &program) {
  Device device(Backend::named(options.backend), {.device = options.device});
  conformance::ProgramRunner runner(device, program, product.tensors(), product.pages());
  const conformance::StepInputs step = product.step();
  uint64_t best = UINT64_MAX;
  for (int i = 0; i < kRepetitions; ++i) {
    uint64_t longest = 0;
    for (const auto &[kernel, nanoseconds] : runner.times("prefill", step)) {
      longest = std::max(longest, nanoseconds);
    }
    best = std::min(best, longest);
  }
  return product.operations() / (static_cast<double>(best) / kNanosecondsPerSecond);
}

} // namespace cria::check
