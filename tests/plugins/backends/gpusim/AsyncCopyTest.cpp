// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Asynchronous copies take effect when they are waited for, and not before.
#include "tests/plugins/backends/gpusim/WarpHarness.h"

#include <fmt/format.h>

using namespace cria::gpusim;

namespace {

TEST(AsyncCopy, ArrivesWhenWaitedForAndFillsWithZeros) {
  const Words words = runWarp(elementAddress("%src", "i32", 1, "%p0", "%t") +
                                  elementAddress("%dst", "i32", 3, "@sm", "%t") + R"(
  %odd = and i32 %t, 1
  %size = shl i32 %odd, 2
  call void @llvm.nvvm.cp.async.ca.shared.global.4.s(ptr addrspace(3) %dst, ptr addrspace(1) %src, i32 %size)
  call void @llvm.nvvm.cp.async.commit.group()
  call void @llvm.nvvm.cp.async.wait.group(i32 0)
  %r = load i32, ptr addrspace(3) %dst
)" + storeWord("%r"),
                              sequence<uint32_t>(kLanes, 500));
  EXPECT_EQ(words, expected([](uint32_t lane) { return lane % 2 != 0 ? 500 + lane : 0; }));
}

std::string copySixteen(uint32_t number, const std::string &cache) {
  return fmt::format(R"(
  %s{0} = add i32 %t, {1}
  %d{0} = getelementptr [16 x i8], ptr addrspace(3) @sm, i32 %s{0}
  %g{0} = getelementptr [16 x i8], ptr addrspace(1) %p0, i32 %s{0}
  call void @llvm.nvvm.cp.async.{2}.shared.global.16(ptr addrspace(3) %d{0}, ptr addrspace(1) %g{0})
  call void @llvm.nvvm.cp.async.commit.group()
)",
                     number, 32 * number, cache);
}

/// Two groups; after waiting for all but one, only the first may be read.
std::string twoGroups(const std::string &wait, uint32_t group) {
  return copySixteen(0, "cg") + copySixteen(1, "ca") + "  call void @llvm.nvvm.cp.async." + wait + "\n" +
         fmt::format("  %r = load i32, ptr addrspace(3) %d{}\n", group) + storeWord("%r");
}

TEST(AsyncCopy, WaitsForTheOldestGroups) {
  const Words input = sequence<uint32_t>(256);
  EXPECT_EQ(runWarp(twoGroups("wait.group(i32 1)", 0), input),
            expected([](uint32_t lane) { return lane * 4; }));
  EXPECT_EQ(runWarp(twoGroups("wait.all()", 1), input),
            expected([](uint32_t lane) { return 128 + lane * 4; }));
  const auto module = mustLoad(kernelText(2, twoGroups("wait.group(i32 1)", 1)));
  Buffer<uint32_t> in(input);
  auto out = Buffer<uint32_t>::undefined(kLanes);
  EXPECT_THAT(module->run(launchOf(1, kLanes, {in.input("in"), out.output("out")}, 4096)),
              testing::StartsWith("read of shared memory with a pending cp.async"));
}

} // namespace
