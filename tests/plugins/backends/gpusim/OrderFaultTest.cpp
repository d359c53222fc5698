// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One planted fault of synchronization per test: barriers, warp-wide operations, asynchronous copies.
#include "tests/plugins/backends/gpusim/FaultHarness.h"

using namespace cria::gpusim;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

namespace {

std::string exchange(const std::string &address, const std::string &between) {
  return elements() + "  store float 1.0, ptr addrspace(3) %own\n" + between +
         "\n  %x = load float, ptr addrspace(3) " + address +
         "\n  store float %x, ptr addrspace(1) %out\n  ret void";
}

// The order decides whether the missing barrier shows as a race or as a read of nothing.
TEST(Faults, MissingBarrier) {
  EXPECT_THAT(runBody(exchange("%other", "")), StartsWith("uninitialized read of shared memory"));
  const std::string readFirst = runBody(elements() + R"(
  store float 1.0, ptr addrspace(3) %own
  {bar}
  %x = load float, ptr addrspace(3) %other
  store float %x, ptr addrspace(3) %own
  ret void)");
  EXPECT_THAT(readFirst, AllOf(StartsWith("race on shared memory"), HasSubstr("thread (0,0,0)"),
                               HasSubstr("thread (32,0,0)"), HasSubstr("other: ")));
  EXPECT_EQ(runBody(exchange("%other", "{bar}")), "");
}

TEST(Faults, RaceBetweenWrites) {
  EXPECT_THAT(runBody(R"(
  store i32 %t, ptr addrspace(3) @sm
  ret void)"),
              AllOf(StartsWith("race on shared memory"), HasSubstr("thread (1,0,0)")));
}

// A synchronisation of the warp is enough for its own lanes, and not for those of other warps.
TEST(Faults, RaceWithinAWarp) {
  const std::string sync = "  call void @llvm.nvvm.bar.warp.sync(i32 -1)";
  const std::string race = elements() + R"(
  store float 1.0, ptr addrspace(3) %own
  {bar}
  store float 2.0, ptr addrspace(3) %own
)";
  const std::string read = "\n  %x = load float, ptr addrspace(3) %lane\n  ret void";
  EXPECT_THAT(runBody(race + read), StartsWith("race on shared memory"));
  EXPECT_EQ(runBody(race + sync + read), "");
  EXPECT_THAT(runBody(race + sync + "\n  %x = load float, ptr addrspace(3) %other\n  ret void"),
              StartsWith("race on shared memory"));
}

TEST(Faults, StrictOrderTakesNoShuffleForAFence) {
  const std::string body =
      exchange("%lane", "  %s = call i32 @llvm.nvvm.shfl.sync.idx.i32(i32 -1, i32 %t, i32 0, i32 31)");
  EXPECT_EQ(runBody(body), "");
  EXPECT_THAT(runBody(body, 1, {.strictWarpOrder = true}), StartsWith("race on shared memory"));
}

std::string asyncCopy(const std::string &between) {
  return elements() + R"(
  call void @llvm.nvvm.cp.async.ca.shared.global.4(ptr addrspace(3) %own, ptr addrspace(1) %in)
  call void @llvm.nvvm.cp.async.commit.group()
)" + between +
         R"(
  %x = load float, ptr addrspace(3) %other
  ret void)";
}

TEST(Faults, MissingWaitForAsyncCopy) {
  const std::string wait = "  call void @llvm.nvvm.cp.async.wait.group(i32 0)\n";
  EXPECT_THAT(runBody(asyncCopy("{bar}")), StartsWith("read of shared memory with a pending cp.async"));
  EXPECT_THAT(runBody(asyncCopy(wait)), StartsWith("uninitialized read of shared memory"));
  EXPECT_THAT(runBody(asyncCopy(wait), 1, {.reverseWarps = true}),
              StartsWith("uninitialized read of shared memory"));
  EXPECT_EQ(runBody(asyncCopy(wait + "{bar}")), "");
}

// Both warps have copied; without a barrier the second does not know of the first.
TEST(Faults, MissingBarrierAfterAsyncCopy) {
  EXPECT_THAT(runBody(elements() + R"(
  store float 1.0, ptr addrspace(3) %own
  {bar}
  call void @llvm.nvvm.cp.async.ca.shared.global.4(ptr addrspace(3) %own, ptr addrspace(1) %in)
  call void @llvm.nvvm.cp.async.commit.group()
  call void @llvm.nvvm.cp.async.wait.group(i32 0)
  %x = load float, ptr addrspace(3) %other
  ret void)"),
              StartsWith("race on shared memory"));
}

// A thread's own atomic operation does not hide that of another.
TEST(Faults, ReadConcurrentWithAtomics) {
  const std::string add = R"(
  %first = icmp eq i32 %t, 0
  br i1 %first, label %zero, label %all
zero:
  store i32 0, ptr addrspace(3) @sm
  br label %all
all:
  {bar}
  %old = atomicrmw add ptr addrspace(3) @sm, i32 1 monotonic
)";
  EXPECT_EQ(runBody(add + "  ret void"), "");
  EXPECT_EQ(runBody(add + "  {bar}\n  %x = load i32, ptr addrspace(3) @sm\n  ret void"), "");
  EXPECT_THAT(runBody(add + "  %x = load volatile i32, ptr addrspace(3) @sm\n  ret void"),
              StartsWith("race on shared memory"));
}

// The copy overwrites what another warp has read, or will read.
TEST(Faults, AsyncCopyOverUnreadData) {
  const std::string body = elements() + R"(
  store float 1.0, ptr addrspace(3) %own
  {bar}
  %low = icmp ult i32 %t, 32
  br i1 %low, label %read, label %copy
read:
  %x = load volatile float, ptr addrspace(3) %other
  ret void
copy:
  call void @llvm.nvvm.cp.async.ca.shared.global.4(ptr addrspace(3) %own, ptr addrspace(1) %in)
  ret void)";
  EXPECT_THAT(runBody(body, 1, {.reverseWarps = true}), StartsWith("race on shared memory"));
  EXPECT_THAT(runBody(body), StartsWith("read of shared memory with a pending cp.async"));
}

TEST(Faults, DivergentBarrier) {
  const std::string halfWarp = runBody(R"(
  %low = icmp ult i32 %t, 16
  br i1 %low, label %wait, label %end
wait:
  {bar}
  br label %end
end:
  ret void)");
  EXPECT_THAT(halfWarp,
              AllOf(StartsWith("divergent barrier: kernel 'k', block (0,0,0)"),
                    HasSubstr("thread (0,0,0) waits at barrier 0"), HasSubstr("thread (16,0,0) has exited")));
}

TEST(Faults, LanesOfAWarpAtDifferentBarriers) {
  EXPECT_THAT(runBody(R"(
  %low = icmp ult i32 %t, 16
  br i1 %low, label %a, label %c
a:
  {bar}
  ret void
c:
  {bar}
  ret void)"),
              StartsWith("divergent barrier"));
}

// Warps may wait at different places, and warps that have exited are not waited for.
TEST(Faults, WarpsMayGoTheirOwnWay) {
  EXPECT_EQ(runBody(R"(
  %low = icmp ult i32 %t, 32
  br i1 %low, label %a, label %c
a:
  {bar}
  {bar}
  ret void
c:
  {bar}
  ret void)"),
            "");
}

// Barriers other than 0, for a part of the block.
TEST(Faults, BarriersOfSomeWarps) {
  const auto body = [](uint32_t threads) {
    return R"(
  %low = icmp ult i32 %t, 32
  br i1 %low, label %a, label %end
a:
  call void @llvm.nvvm.barrier.cta.sync.aligned.count(i32 1, i32 )" +
           std::to_string(threads) + R"()
  br label %end
end:
  ret void)";
  };
  EXPECT_EQ(runBody(body(32)), "");
  EXPECT_THAT(runBody(body(64)), StartsWith("divergent barrier"));
  EXPECT_THAT(runBody(body(96)), AllOf(StartsWith("invalid barrier"), HasSubstr("number 1 for 96 threads")));
}

TEST(Faults, BarrierAgainstShuffle) {
  EXPECT_THAT(runBody(R"(
  %low = icmp ult i32 %t, 16
  br i1 %low, label %a, label %c
a:
  {bar}
  ret void
c:
  %s = call i32 @llvm.nvvm.shfl.sync.idx.i32(i32 -1, i32 %t, i32 0, i32 31)
  ret void)"),
              AllOf(StartsWith("divergent barrier"), HasSubstr("waits in llvm.nvvm.shfl.sync.idx.i32")));
}

TEST(Faults, IncompleteWarpCollective) {
  EXPECT_THAT(runBody(R"(
  %low = icmp ult i32 %t, 16
  br i1 %low, label %a, label %end
a:
  %s = call i32 @llvm.nvvm.shfl.sync.idx.i32(i32 -1, i32 %t, i32 0, i32 31)
  br label %end
end:
  ret void)"),
              AllOf(StartsWith("incomplete warp collective"), HasSubstr("mask 0xffffffff"),
                    HasSubstr("thread (16,0,0) has exited")));
}

TEST(Faults, ShuffleFromAnAbsentLane) {
  EXPECT_THAT(runBody(R"(
  %low = icmp ult i32 %t, 16
  br i1 %low, label %a, label %end
a:
  %s = call i32 @llvm.nvvm.shfl.sync.idx.i32(i32 65535, i32 %t, i32 20, i32 31)
  br label %end
end:
  ret void)"),
              AllOf(StartsWith("invalid shuffle"), HasSubstr("reads lane 20")));
}

} // namespace
