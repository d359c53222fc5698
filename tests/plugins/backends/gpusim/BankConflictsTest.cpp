// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The model of shared memory's banks, and its counts.
#include "plugins/backends/gpusim/BankConflicts.h"
#include "tests/plugins/backends/gpusim/SimHarness.h"

using namespace cria::gpusim;

namespace {

TEST(BankConflicts, ModelOfOneAccess) {
  const auto stride = [](uint32_t bytes, uint32_t size) {
    const auto offsets = sequence<uint32_t>(32, 0, bytes);
    return countBankConflicts(offsets.data(), 32, size);
  };
  EXPECT_EQ(stride(4, 4), 0u);
  EXPECT_EQ(stride(0, 4), 0u); // a broadcast
  EXPECT_EQ(stride(2, 2), 0u); // two in a word
  EXPECT_EQ(stride(8, 4), 1u);
  EXPECT_EQ(stride(128, 4), 31u);
  EXPECT_EQ(stride(132, 4), 0u);
  EXPECT_EQ(stride(8, 8), 0u);
  EXPECT_EQ(stride(16, 16), 0u);
  EXPECT_EQ(stride(32, 16), 4u); // each of four quarters: twice
}

TEST(BankConflicts, AreCountedPerInstructionAndWarp) {
  const auto module = mustLoad(kernelText(0, R"(
  %i = shl i32 %t, 1
)" + elementAddress("%a", "float", 3, "@sm", "%i") +
                                                 R"(
  store float 1.0, ptr addrspace(3) %a
  %x = load volatile float, ptr addrspace(3) %a
  ret void)"));
  Counters counters;
  ASSERT_EQ(module->run(launchOf(1, 64, {}, 512), {}, &counters), "");
  EXPECT_EQ(counters.sharedAccesses, 128u);
  EXPECT_EQ(counters.sharedBankConflicts, 2u * 2);
}

} // namespace
