// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tests/plugins/backends/gpusim/WarpHarness.h"

namespace cria::gpusim {

Words runWarp(const std::string &body, Words input, size_t outputs) {
  const auto module = mustLoad(kernelText(2, body));
  Buffer<uint32_t> in(std::move(input));
  auto out = Buffer<uint32_t>::undefined(kLanes * outputs);
  EXPECT_EQ(module->run(launchOf(1, kLanes, {in.input("in"), out.output("out")}, 4096)), "");
  EXPECT_THAT(out.shadow, testing::Each(1));
  return out.values;
}

std::string loadWord() {
  return elementAddress("%px", "i32", 1, "%p0", "%t") + "  %x = load i32, ptr addrspace(1) %px\n";
}

std::string storeWord(const std::string &value) {
  return elementAddress("%py", "i32", 1, "%p1", "%t") + "  store i32 " + value +
         ", ptr addrspace(1) %py\n  ret void";
}

Words expected(uint32_t (*of)(uint32_t lane)) {
  Words words;
  for (uint32_t lane = 0; lane < kLanes; ++lane) {
    words.push_back(of(lane));
  }
  return words;
}

} // namespace cria::gpusim
