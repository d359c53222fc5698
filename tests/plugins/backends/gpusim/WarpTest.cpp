// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Shuffles, votes, reductions, barriers and special registers, each compared with the PTX ISA.
#include "tests/plugins/backends/gpusim/WarpHarness.h"

#include <fmt/format.h>

using namespace cria::gpusim;

namespace {

/// A shuffle of the numbers 100 + lane.
Words shuffle(const std::string &kind, uint32_t operand, uint32_t clamp) {
  return runWarp(
      loadWord() +
          fmt::format("  %r = call i32 @llvm.nvvm.shfl.sync.{}.i32(i32 -1, i32 %x, i32 {}, i32 {})\n", kind,
                      operand, clamp) +
          storeWord("%r"),
      sequence<uint32_t>(kLanes, 100));
}

TEST(Shuffle, ExchangesByXor) {
  EXPECT_EQ(shuffle("bfly", 5, 31), expected([](uint32_t lane) { return 100 + (lane ^ 5); }));
}

TEST(Shuffle, ReadsOneLane) {
  EXPECT_EQ(shuffle("idx", 7, 31), expected([](uint32_t) { return 107u; }));
}

TEST(Shuffle, ShiftsUpAndKeepsTheFirstLanes) {
  EXPECT_EQ(shuffle("up", 3, 0), expected([](uint32_t lane) { return lane < 3 ? 100 + lane : 97 + lane; }));
}

TEST(Shuffle, ShiftsDownAndKeepsTheLastLanes) {
  EXPECT_EQ(shuffle("down", 3, 31),
            expected([](uint32_t lane) { return lane >= 29 ? 100 + lane : 103 + lane; }));
}

// Segments of 8: mask 0x18 in bits 8 to 12.
TEST(Shuffle, StaysInsideSegments) {
  EXPECT_EQ(shuffle("down", 1, 0x1807 | 31),
            expected([](uint32_t lane) { return lane % 8 == 7 ? 100 + lane : 101 + lane; }));
  EXPECT_EQ(shuffle("idx", 2, 0x181f), expected([](uint32_t lane) { return 100 + lane / 8 * 8 + 2; }));
  EXPECT_EQ(shuffle("up", 1, 0x1800),
            expected([](uint32_t lane) { return lane % 8 == 0 ? 100 + lane : 99 + lane; }));
}

TEST(Shuffle, ReportsWhetherTheSourceWasInRange) {
  const Words words = runWarp(R"(
  %r = call {float, i1} @llvm.nvvm.shfl.sync.down.f32p(i32 -1, float 1.0, i32 1, i32 31)
  %p = extractvalue {float, i1} %r, 1
  %z = zext i1 %p to i32
)" + storeWord("%z"),
                              {0});
  EXPECT_EQ(words, expected([](uint32_t lane) { return lane < 31 ? 1u : 0u; }));
}

// Lanes 0 to 15 and 16 to 31 shuffle on their own.
TEST(Shuffle, WorksForHalfAWarp) {
  const Words words = runWarp(loadWord() + R"(
  %low = icmp ult i32 %t, 16
  br i1 %low, label %a, label %b1
a:
  %ra = call i32 @llvm.nvvm.shfl.sync.bfly.i32(i32 65535, i32 %x, i32 1, i32 31)
  br label %end
b1:
  %rb = call i32 @llvm.nvvm.shfl.sync.bfly.i32(i32 -65536, i32 %x, i32 2, i32 31)
  br label %end
end:
  %r = phi i32 [%ra, %a], [%rb, %b1]
)" + storeWord("%r"),
                              sequence<uint32_t>(kLanes, 100));
  EXPECT_EQ(words, expected([](uint32_t lane) { return 100 + (lane < 16 ? lane ^ 1 : lane ^ 2); }));
}

Words vote(const std::string &kind, const std::string &type, const Words &predicates) {
  return runWarp(loadWord() + "  %c = icmp ne i32 %x, 0\n" +
                     fmt::format("  %v = call {} @llvm.nvvm.vote.{}.sync(i32 -1, i1 %c)\n", type, kind) +
                     (type == "i1" ? "  %r = zext i1 %v to i32\n" : "  %r = or i32 %v, 0\n") +
                     storeWord("%r"),
                 predicates);
}

TEST(Vote, CollectsPredicates) {
  Words some(kLanes, 0);
  some[3] = some[31] = 1;
  EXPECT_THAT(vote("ballot", "i32", some), testing::Each(0x80000008u));
  EXPECT_THAT(vote("any", "i1", some), testing::Each(1u));
  EXPECT_THAT(vote("all", "i1", some), testing::Each(0u));
  EXPECT_THAT(vote("uni", "i1", some), testing::Each(0u));
  EXPECT_THAT(vote("all", "i1", Words(kLanes, 1)), testing::Each(1u));
  EXPECT_THAT(vote("any", "i1", Words(kLanes, 0)), testing::Each(0u));
  EXPECT_THAT(vote("uni", "i1", Words(kLanes, 0)), testing::Each(1u));
}

Words reduce(const std::string &kind, const Words &values) {
  return runWarp(loadWord() +
                     fmt::format("  %r = call i32 @llvm.nvvm.redux.sync.{}(i32 %x, i32 -1)\n", kind) +
                     storeWord("%r"),
                 values);
}

TEST(Reduce, CombinesValues) {
  Words values = sequence<uint32_t>(kLanes, 1);
  EXPECT_THAT(reduce("add", values), testing::Each(528u));
  EXPECT_THAT(reduce("umax", values), testing::Each(32u));
  EXPECT_THAT(reduce("or", values), testing::Each(63u));
  EXPECT_THAT(reduce("xor", values), testing::Each(32u));
  values[4] = static_cast<uint32_t>(-7);
  EXPECT_THAT(reduce("min", values), testing::Each(static_cast<uint32_t>(-7)));
  EXPECT_THAT(reduce("umin", values), testing::Each(1u));
  EXPECT_THAT(reduce("max", values), testing::Each(32u));
  EXPECT_THAT(reduce("and", values), testing::Each(0u));
}

TEST(Match, FindsEqualLanes) {
  const Words words = runWarp(loadWord() + "  %r = call i32 @llvm.nvvm.match.any.sync.i32(i32 -1, i32 %x)\n" +
                                  storeWord("%r"),
                              expected([](uint32_t lane) { return lane % 2; }));
  EXPECT_EQ(words, expected([](uint32_t lane) { return lane % 2 == 0 ? 0x55555555u : 0xAAAAAAAAu; }));
}

TEST(Registers, NumberThreadsAndBlocks) {
  std::string body;
  const char *names[] = {"tid.x",   "tid.y",   "tid.z",    "ntid.x",   "ntid.y",   "ntid.z", "ctaid.x",
                         "ctaid.y", "ctaid.z", "nctaid.x", "nctaid.y", "nctaid.z", "laneid", "warpsize"};
  for (size_t i = 0; i < std::size(names); ++i) {
    body += fmt::format("  %v{0} = call i32 @llvm.nvvm.read.ptx.sreg.{1}()\n  %a{0} = getelementptr i32, ptr "
                        "addrspace(1) %p0, i32 {0}\n",
                        i, names[i]);
  }
  body += R"(
  %lastx = icmp eq i32 %v6, 1
  %lasty = icmp eq i32 %v7, 1
  %last = and i1 %lastx, %lasty
  %here = icmp eq i32 %v12, 13
  %both = and i1 %last, %here
  br i1 %both, label %write, label %end
write:
)";
  for (size_t i = 0; i < std::size(names); ++i) {
    body += fmt::format("  store i32 %v{0}, ptr addrspace(1) %a{0}\n", i);
  }
  body += "  br label %end\nend:\n  ret void";
  const auto module = mustLoad(kernelText(1, body));
  auto out = Buffer<uint32_t>::undefined(std::size(names));
  const Launch launch{
      .kernel = "k", .grid = {2, 2, 1}, .block = {4, 2, 2}, .parameters = {out.output("out")}};
  ASSERT_EQ(module->run(launch), "");
  EXPECT_THAT(out.values, testing::ElementsAreArray({1, 1, 1, 4, 2, 2, 1, 1, 0, 2, 2, 1, 13, 32}));
}

TEST(Barrier, CombinesPredicates) {
  const auto barrier = [](const std::string &kind, const std::string &type) {
    return runWarp(
        fmt::format("  %c = icmp ult i32 %t, 3\n  %v = call {1} @llvm.nvvm.barrier.cta.red.{0}.aligned.all"
                    "(i32 0, i1 %c)\n  %r = {2} {1} %v to i32\n",
                    kind, type, type == "i1" ? "zext" : "bitcast") +
            storeWord("%r"),
        {0});
  };
  EXPECT_THAT(barrier("popc", "i32"), testing::Each(3u));
  EXPECT_THAT(barrier("and", "i1"), testing::Each(0u));
  EXPECT_THAT(barrier("or", "i1"), testing::Each(1u));
}

} // namespace
