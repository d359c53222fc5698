// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Planted faults, each caught by its name; the same kernels without the fault run clean, in any order of
// lanes, warps and blocks.
#include "tests/gpusim/TestKernels.h"

#include <gmock/gmock.h>
#include <numeric>

using namespace cria::gpusim;
using testing::HasSubstr;
using testing::StartsWith;

namespace {

const std::string kLoad = "%x = load i32, ptr addrspace(1) %in.at\n";
const std::string kStore = "store i32 %x, ptr addrspace(1) %out.at\n";
const std::string kToShared = "store i32 %x, ptr addrspace(3) %shared.at\n";
const std::string kBarrier = "call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)\n";
const std::string kNeighbour = "%other = xor i32 %tid, 32\n"
                               "%p = getelementptr i32, ptr addrspace(3) @smem, i32 %other\n"
                               "%y = load i32, ptr addrspace(3) %p\n"
                               "store i32 %y, ptr addrspace(1) %out.at\n";

TestLaunch twoWarps() {
  TestLaunch launch;
  launch.threads = 64;
  launch.in.resize(64);
  std::iota(launch.in.begin(), launch.in.end(), 1);
  launch.out.resize(64, 0);
  return launch;
}

std::string findingOf(const std::string &body) { return twoWarps().run(body); }

TEST(Faults, AGoodKernelRunsCleanInAnyOrder) {
  for (int order = 0; order < 16; ++order) {
    TestLaunch launch = twoWarps();
    launch.options.reverseLanes = (order & 1) != 0;
    launch.options.reverseWarps = (order & 2) != 0;
    launch.options.reverseBlocks = (order & 4) != 0;
    launch.options.firstWarp = (order & 8) != 0 ? 1 : 0;
    ASSERT_EQ(launch.run(kLoad + kToShared + kBarrier + kNeighbour), "");
    for (uint32_t i = 0; i < 64; ++i) {
      EXPECT_EQ(launch.out[i], (i ^ 32) + 1);
    }
    EXPECT_EQ(launch.counters.barriers, 1u);
  }
}

TEST(Faults, MissingBarrier) {
  EXPECT_THAT(findingOf(kLoad + kToShared + kNeighbour), StartsWith("uninitialized read of shared memory"));
  // Written before, so only the order is wrong.
  EXPECT_THAT(findingOf(kLoad + kToShared + kBarrier +
                        "%z = add i32 %x, 1\nstore i32 %z, ptr addrspace(3) %shared.at\n" + kNeighbour),
              StartsWith("race on shared memory: kernel 'k', block (0,0,0), thread ("));
}

TEST(Faults, OffByOne) {
  const std::string beyond = "%next = getelementptr i32, ptr addrspace(1) %out.at, i32 1\n"
                             "store i32 %x, ptr addrspace(1) %next\n";
  EXPECT_THAT(findingOf(kLoad + beyond),
              AllOf(StartsWith("out-of-bounds write of buffer 'out'"), HasSubstr("thread (63,0,0)"),
                    HasSubstr("4 bytes at offset 256 of 256")));
  EXPECT_THAT(findingOf("%before = getelementptr i32, ptr addrspace(1) %in.at, i32 -1\n"
                        "%x = load i32, ptr addrspace(1) %before\n" +
                        kStore),
              StartsWith("out-of-bounds read of buffer 'in'"));
  EXPECT_THAT(findingOf("%p = getelementptr i8, ptr addrspace(3) %shared.at, i32 4000\n"
                        "store i32 1, ptr addrspace(3) %p\n"),
              StartsWith("out-of-bounds write of shared memory"));
}

TEST(Faults, UninitializedGlobalMemory) {
  TestLaunch launch = twoWarps();
  launch.inDefined.assign(256, 1);
  launch.inDefined[4 * 40 + 3] = 0;
  EXPECT_THAT(
      launch.run(kLoad + kStore),
      AllOf(StartsWith("uninitialized read of global memory, buffer 'in'"), HasSubstr("thread (40,0,0)")));
}

TEST(Faults, UninitializedSharedMemory) {
  EXPECT_THAT(findingOf(kNeighbour), StartsWith("uninitialized read of shared memory"));
}

TEST(Faults, DivergentBarrier) {
  const std::string body = "%few = icmp ult i32 %tid, 16\nbr i1 %few, label %in.it, label %out.it\nin.it:\n" +
                           kBarrier + "br label %out.it\nout.it:\n";
  EXPECT_THAT(findingOf(body), AllOf(StartsWith("divergent barrier: kernel 'k'"), HasSubstr("has ended")));
}

TEST(Faults, AShuffleThatSomeLanesMiss) {
  const std::string body = kLoad +
                           "%few = icmp ult i32 %tid, 16\nbr i1 %few, label %in.it, label %out.it\nin.it:\n"
                           "%r = call i32 @llvm.nvvm.shfl.sync.bfly.i32(i32 -1, i32 %x, i32 1, i32 31)\n"
                           "store i32 %r, ptr addrspace(1) %out.at\nbr label %out.it\nout.it:\n";
  EXPECT_THAT(findingOf(body), StartsWith("divergent warp operation"));
}

TEST(Faults, MisalignedVectorLoad) {
  const std::string body = "%p = getelementptr i32, ptr addrspace(1) %in, i32 1\n"
                           "%v = load <4 x i32>, ptr addrspace(1) %p, align 16\n"
                           "%x = extractelement <4 x i32> %v, i32 0\n" +
                           kStore;
  EXPECT_THAT(findingOf(body), AllOf(StartsWith("misaligned read of buffer 'in'"), HasSubstr("offset 4 of")));
}

TEST(Faults, WriteToReadOnly) {
  EXPECT_THAT(findingOf("store i32 1, ptr addrspace(1) %in.at\n"),
              StartsWith("write to read-only buffer 'in'"));
}

TEST(Faults, RaceBetweenBlocks) {
  TestLaunch launch = twoWarps();
  launch.blocks = 2;
  EXPECT_THAT(launch.run(kLoad + kStore),
              AllOf(StartsWith("race between blocks on buffer 'out'"), HasSubstr("with block number 0")));
}

TEST(Faults, UnknownIntrinsicsAreNamed) {
  EXPECT_THAT(
      findingOf(
          "%r = call float @llvm.nvvm.sqrt.rz.ftz.f(float 2.0)\nstore float %r, ptr addrspace(1) %out.at\n"),
      HasSubstr("the simulator does not know the intrinsic 'llvm.nvvm.sqrt.rz.ftz.f' used by kernel 'k'"));
  EXPECT_THAT(findingOf("call void asm sideeffect \"bar.sync 0;\", \"\"()\n"), HasSubstr("inline assembly"));
}

TEST(Faults, BankConflictsAreCounted) {
  TestLaunch launch = twoWarps();
  launch.threads = 32;
  const std::string strided =
      "%far = mul i32 %tid, 128\n%p = getelementptr i8, ptr addrspace(3) @smem, i32 %far\n"
      "store i32 1, ptr addrspace(3) %p\n" +
      kBarrier;
  ASSERT_EQ(launch.run(strided), "");
  EXPECT_EQ(launch.counters.sharedBankConflicts, 31u);
}

TEST(Faults, WrongCodeIsRefused) {
  std::string error;
  EXPECT_EQ(Module::load("this is no module", error), nullptr);
  EXPECT_NE(error, "");
  EXPECT_EQ(Module::load(std::string("BC\xC0\xDE garbage"), error), nullptr);
  EXPECT_NE(error, "");
}

} // namespace
