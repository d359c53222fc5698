// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Small kernels as LLVM assembly, and their launches on vectors.
#pragma once

#include "tests/gpusim/GpuSim.h"

#include <gtest/gtest.h>

namespace cria::gpusim {

/// A module with one kernel @k(ptr addrspace(1) %in, ptr addrspace(1) %out). In the body, %tid is the
/// thread's number, %x and %s are free, and @smem is the block's dynamic shared memory.
inline std::string kernelText(const std::string &body) {
  return R"(
target triple = "nvptx64-nvidia-cuda"
@smem = external addrspace(3) global [0 x i8], align 128
declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
declare void @llvm.nvvm.barrier.cta.sync.aligned.all(i32)
declare i32 @llvm.nvvm.shfl.sync.bfly.i32(i32, i32, i32, i32)
declare i32 @llvm.nvvm.shfl.sync.up.i32(i32, i32, i32, i32)
declare i32 @llvm.nvvm.shfl.sync.down.i32(i32, i32, i32, i32)
declare i32 @llvm.nvvm.shfl.sync.idx.i32(i32, i32, i32, i32)
declare i32 @llvm.nvvm.vote.ballot.sync(i32, i1)
declare i1 @llvm.nvvm.vote.any.sync(i32, i1)
declare i1 @llvm.nvvm.vote.all.sync(i32, i1)
declare void @llvm.nvvm.cp.async.cg.shared.global.16(ptr addrspace(3), ptr addrspace(1))
declare void @llvm.nvvm.cp.async.commit.group()
declare void @llvm.nvvm.cp.async.wait.group(i32 immarg)
declare {i32, i32, i32, i32} @llvm.nvvm.ldmatrix.sync.aligned.m8n8.x4.b16.p3(ptr addrspace(3))
declare {i32, i32, i32, i32} @llvm.nvvm.ldmatrix.sync.aligned.m8n8.x4.trans.b16.p3(ptr addrspace(3))
declare {float, float, float, float} @llvm.nvvm.mma.m16n8k16.row.col.f32.f32(<2 x half>, <2 x half>, <2 x half>, <2 x half>, <2 x half>, <2 x half>, float, float, float, float)
declare {float, float, float, float} @llvm.nvvm.mma.m16n8k16.row.col.bf16(i32, i32, i32, i32, i32, i32, float, float, float, float)
declare float @llvm.nvvm.sqrt.rz.ftz.f(float)
define ptx_kernel void @k(ptr addrspace(1) %in, ptr addrspace(1) %out) {
  %tid = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %block = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
  %in.at = getelementptr i32, ptr addrspace(1) %in, i32 %tid
  %out.at = getelementptr i32, ptr addrspace(1) %out, i32 %tid
  %shared.at = getelementptr i32, ptr addrspace(3) @smem, i32 %tid
)" + body +
         "\n  ret void\n}\n";
}

struct TestLaunch {
  std::vector<uint32_t> in, out;
  std::vector<uint8_t> inDefined, outDefined; // per byte; empty: all of in, none of out
  uint32_t threads = 32, blocks = 1;
  uint64_t sharedBytes = 4096;
  Options options;
  Counters counters;

  /// The finding, or why the module does not load.
  std::string run(const std::string &body) {
    std::string error;
    const std::unique_ptr<Module> module = Module::load(kernelText(body), error);
    if (!module) {
      return error;
    }
    inDefined.resize(in.size() * 4, 1);
    outDefined.resize(out.size() * 4, 0);
    Launch launch{
        .kernel = "k", .grid = {blocks, 1, 1}, .block = {threads, 1, 1}, .sharedBytes = sharedBytes};
    launch.parameters = {
        {reinterpret_cast<std::byte *>(in.data()), in.size() * 4, false, "in", inDefined.data()},
        {reinterpret_cast<std::byte *>(out.data()), out.size() * 4, true, "out", outDefined.data()}};
    return module->run(launch, options, &counters);
  }
};

} // namespace cria::gpusim
