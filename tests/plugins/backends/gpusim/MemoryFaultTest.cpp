// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One planted fault of an access per test; the simulator names it, the kernel, the block, the thread and the
// memory.
#include "tests/plugins/backends/gpusim/FaultHarness.h"

using namespace cria::gpusim;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

namespace {

TEST(Faults, ReadBeyondABuffer) {
  const std::string text = runBody(R"(
  %i = add i32 %t, 1
)" + elementAddress("%next", "float", 1, "%p0", "%i") +
                                   R"(  %x = load float, ptr addrspace(1) %next
  ret void)");
  EXPECT_EQ(
      text,
      "out-of-bounds read of buffer 'in': kernel 'k', block (0,0,0), thread (63,0,0): 4 bytes at offset "
      "256 of 256: %x = load float, ptr addrspace(1) %next, align 4");
}

TEST(Faults, WriteBeyondABuffer) {
  EXPECT_THAT(
      runBody(elementAddress("%last", "float", 1, "%p1", "-1") + R"(
  store float 1.0, ptr addrspace(1) %last
  ret void)"),
      AllOf(StartsWith("out-of-bounds write of buffer 'out'"), HasSubstr("4 bytes at offset -4 of 256")));
}

// A pointer of one parameter may not reach another parameter's memory, however near.
TEST(Faults, ReadOfANeighbour) {
  const auto module = mustLoad(kernelText(2, R"(
  %x = load volatile float, ptr addrspace(1) %p0
  %a = getelementptr float, ptr addrspace(1) %p0, i32 4
  %y = load volatile float, ptr addrspace(1) %a
  ret void)"));
  Buffer<float> both(sequence<float>(8));
  MemoryWindow first = both.input("first");
  first.size = 16;
  EXPECT_THAT(module->run(launchOf(1, 32, {first, both.input("all")})),
              StartsWith("out-of-bounds read of buffer 'first'"));
}

TEST(Faults, AccessBeyondSharedMemory) {
  EXPECT_THAT(runBody(elementAddress("%a", "float", 3, "@sm", "256") + R"(
  store float 1.0, ptr addrspace(3) %a
  ret void)"),
              AllOf(StartsWith("out-of-bounds write of shared memory"), HasSubstr("at offset 1024 of 1024")));
}

TEST(Faults, AddressOutOfNowhere) {
  EXPECT_THAT(runBody(R"(
  %a = inttoptr i64 4096 to ptr
  %x = load volatile i32, ptr %a
  ret void)"),
              AllOf(StartsWith("out-of-bounds read of no known memory"), HasSubstr("address 0x1000")));
}

TEST(Faults, WriteToReadOnlyBuffer) {
  EXPECT_THAT(runBody(elements() + R"(
  store float 1.0, ptr addrspace(1) %in
  ret void)"),
              StartsWith("write to read-only buffer 'in'"));
}

TEST(Faults, MisalignedVectorLoad) {
  EXPECT_THAT(runBody(elementAddress("%a", "float", 1, "%p0", "2") + R"(
  %x = load <4 x float>, ptr addrspace(1) %a, align 16
  ret void)"),
              AllOf(StartsWith("misaligned read of buffer 'in'"),
                    HasSubstr("16 bytes at offset 8 of 256, which must be a multiple of 16")));
}

TEST(Faults, MisalignedSharedAccesses) {
  const std::string at = elementAddress("%a", "float", 3, "@sm", "2");
  EXPECT_THAT(runBody(at + R"(
  store <4 x float> zeroinitializer, ptr addrspace(3) %a, align 16
  ret void)"),
              AllOf(StartsWith("misaligned write of shared memory"), HasSubstr("a multiple of 16")));
  EXPECT_THAT(runBody(at + R"(
  call void @llvm.nvvm.cp.async.cg.shared.global.16(ptr addrspace(3) %a, ptr addrspace(1) %p0)
  ret void)"),
              StartsWith("misaligned write of shared memory"));
  EXPECT_THAT(runBody(elementAddress("%g", "float", 1, "%p0", "2") + R"(
  call void @llvm.nvvm.cp.async.cg.shared.global.16(ptr addrspace(3) @sm, ptr addrspace(1) %g)
  ret void)"),
              StartsWith("misaligned read of buffer 'in'"));
  EXPECT_THAT(runBody(at + R"(
  %m = call i32 @llvm.nvvm.ldmatrix.sync.aligned.m8n8.x1.b16.p3(ptr addrspace(3) %a)
  ret void)"),
              StartsWith("misaligned read of shared memory"));
}

TEST(Faults, AsyncCopyOfMoreThanItsSize) {
  EXPECT_THAT(runBody(R"(
  call void @llvm.nvvm.cp.async.ca.shared.global.4.s(ptr addrspace(3) @sm, ptr addrspace(1) %p0, i32 8)
  ret void)"),
              AllOf(StartsWith("invalid cp.async"), HasSubstr("takes 8 bytes for 4")));
}

TEST(Faults, UninitialisedSharedRead) {
  EXPECT_THAT(runBody(elements() + R"(
  %x = load float, ptr addrspace(3) %own
  ret void)"),
              StartsWith("uninitialized read of shared memory"));
}

TEST(Faults, SharedMemoryIsNewForEachBlock) {
  EXPECT_THAT(runBody(elements() + R"(
  %first = icmp eq i32 %b, 0
  br i1 %first, label %write, label %read
write:
  store float 1.0, ptr addrspace(3) %own
  ret void
read:
  %x = load float, ptr addrspace(3) %own
  ret void)",
                      2),
              AllOf(StartsWith("uninitialized read of shared memory"), HasSubstr("block (1,0,0)")));
}

TEST(Faults, UninitialisedGlobalRead) {
  EXPECT_THAT(runBody(elements() + R"(
  %x = load float, ptr addrspace(1) %out
  ret void)"),
              StartsWith("uninitialized read of global memory, buffer 'out'"));
}

TEST(Faults, OneUninitialisedByte) {
  const auto module = mustLoad(kernelText(1, elementAddress("%a", "float", 1, "%p0", "%t") + R"(
  %x = load float, ptr addrspace(1) %a
  ret void)"));
  Buffer<float> in(sequence<float>(64));
  in.shadow[4 * 40 + 3] = 0;
  EXPECT_THAT(module->run(launchOf(1, 64, {in.input("in")})),
              AllOf(StartsWith("uninitialized read of global memory, buffer 'in'"),
                    HasSubstr("thread (40,0,0)"), HasSubstr("4 bytes at offset 160 of 256")));
}

TEST(Faults, RaceBetweenBlocks) {
  const std::string store = elements() + R"(
  store float 1.0, ptr addrspace(1) %out
  ret void)";
  EXPECT_EQ(runBody(store, 1), "");
  EXPECT_THAT(runBody(store, 2), AllOf(StartsWith("race between blocks on buffer 'out'"),
                                       HasSubstr("block (1,0,0)"), HasSubstr("other: block (0,0,0)")));
}

// Through two windows of the same memory, one of them only read.
TEST(Faults, BlockReadsWhatAnotherWrites) {
  const auto module = mustLoad(kernelText(2, elementAddress("%i", "float", 1, "%p0", "%t") + R"(
  %x = load float, ptr addrspace(1) %i
  %o = getelementptr float, ptr addrspace(1) %p1, i32 %b
  %first = icmp eq i32 %t, %b
  br i1 %first, label %write, label %end
write:
  store float 1.0, ptr addrspace(1) %o
  br label %end
end:
  ret void)"));
  Buffer<float> memory(sequence<float>(32));
  const Launch launch = launchOf(2, 32, {memory.input("read"), memory.output("written")});
  EXPECT_THAT(module->run(launch), StartsWith("race between blocks on buffer 'read'"));
  EXPECT_THAT(module->run(launch, {.reverseLanes = true, .reverseBlocks = true}),
              HasSubstr("race between blocks"));
}

TEST(Faults, AtomicsAreNoRace) {
  const auto module = mustLoad(kernelText(1, R"(
  %old = atomicrmw add ptr addrspace(1) %p0, i32 1 monotonic
  %new = atomicrmw add ptr addrspace(3) @sm, i32 1 monotonic
  ret void)"));
  Buffer<uint32_t> counter({0});
  const Launch launch = launchOf(3, 64, {counter.output("counter")}, 16);
  EXPECT_THAT(module->run(launch), StartsWith("uninitialized read of shared memory"));
  const auto global = mustLoad(kernelText(1, R"(
  %old = atomicrmw add ptr addrspace(1) %p0, i32 1 monotonic
  ret void)"));
  counter.values[0] = 0;
  EXPECT_EQ(global->run(launch), "");
  EXPECT_EQ(counter.values[0], 192u);
}

TEST(Faults, SourceLinesAreNamed) {
  const std::string text = kernelText(1, R"(
  store float 1.0, ptr addrspace(1) %p0, !dbg !4
  ret void)");
  const auto module = mustLoad([&] {
    std::string with = text;
    with.insert(with.find(" {\n  %t"), " !dbg !3");
    return with;
  }() + R"(
!llvm.module.flags = !{!0}
!llvm.dbg.cu = !{!1}
!0 = !{i32 2, !"Debug Info Version", i32 3}
!1 = distinct !DICompileUnit(language: DW_LANG_C, file: !2, emissionKind: LineTablesOnly)
!2 = !DIFile(filename: "matvec.mlir", directory: "/")
!3 = distinct !DISubprogram(name: "k", file: !2, line: 1, unit: !1, type: !5, spFlags: DISPFlagDefinition)
!4 = !DILocation(line: 17, column: 3, scope: !3)
!5 = !DISubroutineType(types: !6)
!6 = !{}
)");
  Buffer<float> in({0});
  EXPECT_THAT(module->run(launchOf(1, 1, {in.input("in")})), HasSubstr(" at matvec.mlir:17: store float"));
}

} // namespace
