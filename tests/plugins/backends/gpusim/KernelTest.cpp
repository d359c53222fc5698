// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Correct kernels: they agree with scalar code in every order of lanes, warps and blocks.
#include "tests/plugins/backends/gpusim/SimHarness.h"

#include <fmt/format.h>

using namespace cria::gpusim;
using testing::ElementsAreArray;

namespace {

/// c[i] = a[i] + b[i] with i = block * 64 + thread, guarded by the length at p3.
std::string vectorAdd() {
  return kernelText(4, R"(
  %base = shl i32 %b, 6
  %i = or i32 %base, %t
  %n = load i32, ptr addrspace(1) %p3
  %in = icmp ult i32 %i, %n
  br i1 %in, label %body, label %end
body:
)" + elementAddress("%pa", "float", 1, "%p0", "%i") +
                           elementAddress("%pb", "float", 1, "%p1", "%i") +
                           elementAddress("%pc", "float", 1, "%p2", "%i") + R"(
  %x = load float, ptr addrspace(1) %pa
  %y = load float, ptr addrspace(1) %pb
  %z = fadd float %x, %y
  store float %z, ptr addrspace(1) %pc
  br label %end
end:
  ret void)");
}

TEST(Kernels, VectorAdd) {
  const auto module = mustLoad(vectorAdd());
  for (const Options &options : allOrders()) {
    Buffer<float> a(sequence<float>(100));
    Buffer<float> b(sequence<float>(100, 0, 10));
    auto c = Buffer<float>::undefined(100);
    Buffer<uint32_t> n({100});
    const Launch launch = launchOf(2, 64, {a.input("a"), b.input("b"), c.output("c"), n.input("n")});
    ASSERT_EQ(module->run(launch, options), "");
    EXPECT_THAT(c.values, ElementsAreArray(sequence<float>(100, 0, 11)));
    EXPECT_THAT(c.shadow, testing::Each(1));
  }
}

/// out[block] = sum of the block's 128 numbers: within warps by shuffles, across them by shared memory.
std::string blockSum() {
  std::string body = R"(
  %base = shl i32 %b, 7
  %i = or i32 %base, %t
)" + elementAddress("%in", "float", 1, "%p0", "%i") +
                     "  %s0 = load float, ptr addrspace(1) %in\n";
  for (uint32_t step = 0; step < 5; ++step) {
    body += fmt::format(
        "  %o{0} = call float @llvm.nvvm.shfl.sync.bfly.f32(i32 -1, float %s{0}, i32 {2}, i32 31)\n"
        "  %s{1} = fadd float %s{0}, %o{0}\n",
        step, step + 1, 1u << step);
  }
  return kernelText(2,
                    body + R"(
  %lane = and i32 %t, 31
  %warp = lshr i32 %t, 5
  %first = icmp eq i32 %lane, 0
  br i1 %first, label %put, label %meet
put:
)" + elementAddress("%mine", "float", 3, "@part", "%warp") +
                        R"(
  store float %s5, ptr addrspace(3) %mine
  br label %meet
meet:
  {bar}
  %all = load <4 x float>, ptr addrspace(3) @part, align 16
  %sum = call reassoc float @llvm.vector.reduce.fadd.v4f32(float 0.0, <4 x float> %all)
  %zero = icmp eq i32 %t, 0
  br i1 %zero, label %write, label %end
write:
)" + elementAddress("%out", "float", 1, "%p1", "%b") +
                        R"(
  store float %sum, ptr addrspace(1) %out
  br label %end
end:
  ret void)",
                    "@part = internal addrspace(3) global [4 x float] undef, align 16\n");
}

TEST(Kernels, BlockSum) {
  const auto module = mustLoad(blockSum());
  ASSERT_NE(module->find("k"), nullptr);
  EXPECT_EQ(module->find("k")->staticSharedBytes, 16u);
  for (const Options &options : allOrders()) {
    Buffer<float> in(sequence<float>(384));
    auto out = Buffer<float>::undefined(3);
    Counters counters;
    ASSERT_EQ(module->run(launchOf(3, 128, {in.input("in"), out.output("out")}), options, &counters), "");
    EXPECT_THAT(out.values, ElementsAreArray({8128.0f, 24512.0f, 40896.0f}));
    EXPECT_EQ(counters.barriers, 3u);
    EXPECT_EQ(counters.collectives, 3u * 4 * 5);
    EXPECT_EQ(counters.blocks, 3u);
  }
}

// Helpers are inlined, constants of the module are memory like any other, and local variables are not
// checked.
TEST(Kernels, HelpersConstantsAndLocals) {
  const auto module = mustLoad(kernelText(1,
                                          R"(
  %local = alloca [4 x i32]
  %slot = and i32 %t, 3
  %pl = getelementptr i32, ptr %local, i32 %slot
  %v = call i32 @lookup(i32 %slot)
  store i32 %v, ptr %pl
  %w = load i32, ptr %pl
)" + elementAddress("%out", "i32", 1, "%p0", "%t") +
                                              R"(
  store i32 %w, ptr addrspace(1) %out
  ret void)",
                                          R"(
@table = internal addrspace(4) constant [4 x i32] [i32 5, i32 6, i32 7, i32 8]
define internal i32 @lookup(i32 %i) noinline {
  %p = getelementptr i32, ptr addrspace(4) @table, i32 %i
  %v = load i32, ptr addrspace(4) %p
  ret i32 %v
}
)"));
  auto out = Buffer<uint32_t>::undefined(8);
  ASSERT_EQ(module->run(launchOf(1, 8, {out.output("out")})), "");
  EXPECT_THAT(out.values, ElementsAreArray({5, 6, 7, 8, 5, 6, 7, 8}));
}

} // namespace
