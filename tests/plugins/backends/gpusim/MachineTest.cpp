// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Properties of launches as a whole.
#include "tests/plugins/backends/gpusim/FaultHarness.h"

using namespace cria::gpusim;
using testing::StartsWith;

namespace {

// After a finding the same machine runs the next launch as if nothing had been.
TEST(Machine, TheNextLaunchIsNotAffected) {
  const auto module = mustLoad(kernelText(1, elementAddress("%a", "i32", 1, "%p0", "%t") + R"(
  {bar}
  store i32 %t, ptr addrspace(1) %a
  ret void)"));
  for (int i = 0; i < 3; ++i) {
    auto small = Buffer<uint32_t>::undefined(40);
    EXPECT_THAT(module->run(launchOf(1, 64, {small.output("small")})), StartsWith("out-of-bounds"));
    auto enough = Buffer<uint32_t>::undefined(64);
    EXPECT_EQ(module->run(launchOf(1, 64, {enough.output("enough")})), "");
    EXPECT_EQ(enough.values, sequence<uint32_t>(64));
  }
}

// The second of two threads writes all of a local array that is larger than its stack.
TEST(Machine, StackOverflow) {
  const auto module = mustLoad(kernelText(0, R"(
  %local = alloca [66000 x i8]
  %second = icmp eq i32 %t, 1
  br i1 %second, label %fill, label %end
fill:
  call void @llvm.memset.p0.i64(ptr %local, i8 1, i64 66000, i1 true)
  br label %end
end:
  ret void)"));
  EXPECT_EQ(module->run(launchOf(1, 2, {})), "stack overflow: kernel 'k', block (0,0,0), thread (1,0,0)");
}

// Loads, copies and ldmatrix of what nobody wrote; a barrier that not all reach is found all the same.
TEST(Machine, WithoutChecksOnlySchedulingIsFound) {
  const Options unchecked{.checks = false};
  EXPECT_EQ(runBody(elements() + R"(
  %x = load volatile float, ptr addrspace(3) %own
  %to = getelementptr [16 x i8], ptr addrspace(3) @sm, i32 %t
  call void @llvm.nvvm.cp.async.cg.shared.global.16(ptr addrspace(3) %to, ptr addrspace(1) %p1)
  call void @llvm.nvvm.cp.async.wait.all()
  %m = call i32 @llvm.nvvm.ldmatrix.sync.aligned.m8n8.x1.b16.p3(ptr addrspace(3) @sm)
  ret void)",
                    1, unchecked),
            "");
  EXPECT_THAT(runBody(R"(
  %low = icmp ult i32 %t, 16
  br i1 %low, label %wait, label %end
wait:
  {bar}
  br label %end
end:
  ret void)",
                      1, unchecked),
              StartsWith("divergent barrier"));
}

} // namespace
