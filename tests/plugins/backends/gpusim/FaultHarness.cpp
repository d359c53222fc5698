// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tests/plugins/backends/gpusim/FaultHarness.h"

namespace cria::gpusim {

constexpr uint32_t kThreads = 64;
constexpr uint64_t kSharedBytes = 1024;

std::string runBody(const std::string &body, uint32_t blocks, const Options &options) {
  const auto module = mustLoad(kernelText(2, body));
  Buffer<float> in(sequence<float>(kThreads));
  auto out = Buffer<float>::undefined(kThreads);
  return module->run(launchOf(blocks, kThreads, {in.input("in"), out.output("out")}, kSharedBytes), options);
}

std::string elements() {
  return elementAddress("%in", "float", 1, "%p0", "%t") + elementAddress("%out", "float", 1, "%p1", "%t") +
         elementAddress("%own", "float", 3, "@sm", "%t") + R"(
  %n = xor i32 %t, 32
)" + elementAddress("%other", "float", 3, "@sm", "%n") +
         "  %l = xor i32 %t, 1\n" + elementAddress("%lane", "float", 3, "@sm", "%l");
}

} // namespace cria::gpusim
