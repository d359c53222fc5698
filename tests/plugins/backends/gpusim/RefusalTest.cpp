// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Code that cannot be loaded or launched, and the reasons.
#include "tests/plugins/backends/gpusim/SimHarness.h"

using namespace cria::gpusim;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

namespace {

TEST(Refusals, UnknownIntrinsic) {
  EXPECT_EQ(loadError(kernelText(0, "  call void @llvm.nvvm.nanosleep(i32 5)\n  ret void")),
            "unsupported intrinsic 'llvm.nvvm.nanosleep' used by kernel 'k'");
  EXPECT_THAT(loadError(kernelText(0, R"(
  %v = call <2 x half> @llvm.nvvm.ff2f16x2.rn.relu(float 1.0, float 1.0)
  ret void)")),
              HasSubstr("'llvm.nvvm.ff2f16x2.rn.relu'"));
}

// Names that continue that of an intrinsic which is known.
TEST(Refusals, ModesOfAKnownIntrinsic) {
  for (const std::string mode : {"f4e", "b4e"}) {
    EXPECT_THAT(loadError(kernelText(0, "  %v = call i32 @llvm.nvvm.prmt." + mode +
                                            "(i32 1, i32 2, i32 3)\n  ret void")),
                HasSubstr("'llvm.nvvm.prmt." + mode + "'"));
  }
  for (const std::string mode : {"rc8", "ecl", "ecr", "rc16"}) {
    EXPECT_THAT(
        loadError(kernelText(0, "  %v = call i32 @llvm.nvvm.prmt." + mode + "(i32 1, i32 2)\n  ret void")),
        HasSubstr("'llvm.nvvm.prmt." + mode + "'"));
  }
}

// Forms that no other test uses.
TEST(Refusals, NotOfTheseIntrinsics) {
  for (const char *call :
       {"void @llvm.nvvm.barrier.cta.sync.all(i32 0)", "float @llvm.nvvm.ex2.approx.ftz.f(float 1.0)",
        "void @llvm.nvvm.membar.cta()", "void @llvm.nvvm.membar.gl()", "void @llvm.nvvm.membar.sys()",
        "void @llvm.nvvm.fence.sc.cluster()", "void @llvm.nvvm.prefetch.global.L1(ptr addrspace(1) %p0)",
        "void @llvm.nvvm.prefetch.L2(ptr null)", "void @llvm.nvvm.griddepcontrol.wait()",
        "void @llvm.nvvm.griddepcontrol.launch.dependents()",
        "void @llvm.nvvm.cp.async.ca.shared.global.8(ptr addrspace(3) @sm, ptr addrspace(1) %p0)"}) {
    EXPECT_EQ(loadError(kernelText(1, "  call " + std::string(call) + "\n  ret void")), "") << call;
  }
}

TEST(Refusals, InlineAssembly) {
  EXPECT_EQ(loadError(kernelText(0, "  call void asm sideeffect \"bar.sync 0;\", \"\"()\n  ret void")),
            "inline assembly is not supported, used by kernel 'k': bar.sync 0;");
}

TEST(Refusals, UnknownFunction) {
  EXPECT_EQ(loadError(kernelText(0, "  %x = call float @__nv_expf(float 1.0)\n  ret void",
                                 "declare float @__nv_expf(float)\n")),
            "unsupported function '__nv_expf' used by kernel 'k'");
}

// What the host's code generator would need from a library that is not there.
TEST(Refusals, MissingLibraryFunction) {
  EXPECT_THAT(loadError(kernelText(1, R"(
  %x = load double, ptr addrspace(1) %p0
  %y = call double @llvm.sinh.f64(double %x)
  store double %y, ptr addrspace(1) %p0
  ret void)")),
              AllOf(StartsWith("kernel 'k': "), HasSubstr("sinh")));
}

TEST(Refusals, CodeOfAnotherKind) {
  EXPECT_THAT(loadError("no module"), HasSubstr("neither LLVM bitcode nor assembly"));
  EXPECT_THAT(loadError("BC\xC0\xDE garbage"), HasSubstr("neither LLVM bitcode nor assembly"));
  EXPECT_THAT(loadError("target triple = \"x86_64-unknown-linux-gnu\"\n"),
              HasSubstr("expected a module for nvptx64"));
  EXPECT_THAT(loadError("target triple = \"nvptx64-nvidia-cuda\"\n"
                        "define ptx_kernel void @k(i32 %x) {\n  ret void\n}\n"),
              HasSubstr("parameter 0 of kernel 'k' is not the address of a buffer"));
}

TEST(Refusals, WrongLaunch) {
  const auto module = mustLoad(kernelText(1, "  ret void"));
  Buffer<float> in({0});
  Launch launch = launchOf(1, 32, {in.input("in")});
  EXPECT_EQ(module->run(launch), "");
  launch.block[1] = 64;
  EXPECT_THAT(module->run(launch), StartsWith("wrong launch"));
  launch.block[1] = 1;
  launch.parameters.clear();
  EXPECT_THAT(module->run(launch), AllOf(HasSubstr("kernel 'k' expects 1 parameter"), HasSubstr("got 0")));
  launch.kernel = "other";
  EXPECT_THAT(module->run(launch), HasSubstr("no kernel 'other'"));
}

} // namespace
