// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Names as LLVM 22 has them; a test asks for each, so that a renamed one is noticed.
#include "Intrinsics.h"

#include "llvm/ADT/STLExtras.h"

namespace cria::gpusim {

static constexpr uint32_t kX = 0, kY = 4, kZ = 8;

static constexpr Intrinsic kIntrinsics[] = {
    {"llvm.nvvm.read.ptx.sreg.tid.x", Treatment::Register, kTidOffset + kX},
    {"llvm.nvvm.read.ptx.sreg.tid.y", Treatment::Register, kTidOffset + kY},
    {"llvm.nvvm.read.ptx.sreg.tid.z", Treatment::Register, kTidOffset + kZ},
    {"llvm.nvvm.read.ptx.sreg.ntid.x", Treatment::Register, kNtidOffset + kX},
    {"llvm.nvvm.read.ptx.sreg.ntid.y", Treatment::Register, kNtidOffset + kY},
    {"llvm.nvvm.read.ptx.sreg.ntid.z", Treatment::Register, kNtidOffset + kZ},
    {"llvm.nvvm.read.ptx.sreg.ctaid.x", Treatment::Register, kCtaidOffset + kX},
    {"llvm.nvvm.read.ptx.sreg.ctaid.y", Treatment::Register, kCtaidOffset + kY},
    {"llvm.nvvm.read.ptx.sreg.ctaid.z", Treatment::Register, kCtaidOffset + kZ},
    {"llvm.nvvm.read.ptx.sreg.nctaid.x", Treatment::Register, kNctaidOffset + kX},
    {"llvm.nvvm.read.ptx.sreg.nctaid.y", Treatment::Register, kNctaidOffset + kY},
    {"llvm.nvvm.read.ptx.sreg.nctaid.z", Treatment::Register, kNctaidOffset + kZ},
    {"llvm.nvvm.read.ptx.sreg.laneid", Treatment::Register, kLaneIdOffset},
    {"llvm.nvvm.read.ptx.sreg.warpsize", Treatment::Constant, kWarpSize},
    {"llvm.nvvm.barrier.cta.sync.aligned.all", Treatment::Barrier},
    {"llvm.nvvm.barrier.cta.sync.all", Treatment::Barrier},
    {"llvm.nvvm.bar.warp.sync", Treatment::Collective, 0, Collective::WarpSync},
    {"llvm.nvvm.shfl.sync.up.", Treatment::Collective, 0, Collective::ShuffleUp},
    {"llvm.nvvm.shfl.sync.down.", Treatment::Collective, 0, Collective::ShuffleDown},
    {"llvm.nvvm.shfl.sync.bfly.", Treatment::Collective, 0, Collective::ShuffleXor},
    {"llvm.nvvm.shfl.sync.idx.", Treatment::Collective, 0, Collective::ShuffleIndex},
    {"llvm.nvvm.vote.all.sync", Treatment::Collective, 0, Collective::VoteAll},
    {"llvm.nvvm.vote.any.sync", Treatment::Collective, 0, Collective::VoteAny},
    {"llvm.nvvm.vote.ballot.sync", Treatment::Collective, 0, Collective::VoteBallot},
    {"llvm.nvvm.ldmatrix.sync.aligned.m8n8.x1.b16.p3", Treatment::Collective, 1, Collective::LoadMatrix,
     false},
    {"llvm.nvvm.ldmatrix.sync.aligned.m8n8.x2.b16.p3", Treatment::Collective, 2, Collective::LoadMatrix,
     false},
    {"llvm.nvvm.ldmatrix.sync.aligned.m8n8.x4.b16.p3", Treatment::Collective, 4, Collective::LoadMatrix,
     false},
    {"llvm.nvvm.ldmatrix.sync.aligned.m8n8.x1.trans.b16.p3", Treatment::Collective, 1 | kTransposed,
     Collective::LoadMatrix, false},
    {"llvm.nvvm.ldmatrix.sync.aligned.m8n8.x2.trans.b16.p3", Treatment::Collective, 2 | kTransposed,
     Collective::LoadMatrix, false},
    {"llvm.nvvm.ldmatrix.sync.aligned.m8n8.x4.trans.b16.p3", Treatment::Collective, 4 | kTransposed,
     Collective::LoadMatrix, false},
    {"llvm.nvvm.mma.m16n8k16.row.col.f32.f32", Treatment::Collective, 0, Collective::MmaF16, false},
    {"llvm.nvvm.mma.m16n8k16.row.col.bf16", Treatment::Collective, 0, Collective::MmaBf16, false},
    {"llvm.nvvm.cp.async.ca.shared.global.4", Treatment::CopyAsync, 4},
    {"llvm.nvvm.cp.async.ca.shared.global.8", Treatment::CopyAsync, 8},
    {"llvm.nvvm.cp.async.ca.shared.global.16", Treatment::CopyAsync, 16},
    {"llvm.nvvm.cp.async.cg.shared.global.16", Treatment::CopyAsync, 16},
    {"llvm.nvvm.cp.async.commit.group", Treatment::CommitCopies},
    {"llvm.nvvm.cp.async.wait.group", Treatment::WaitCopies},
    {"llvm.nvvm.cp.async.wait.all", Treatment::WaitAllCopies},
    {"llvm.nvvm.ex2.approx.ftz.f32", Treatment::Function, 0, {}, true, "cria_gpusim_ex2"},
    {"llvm.nvvm.ex2.approx.ftz.f", Treatment::Function, 0, {}, true, "cria_gpusim_ex2"},
    {"llvm.nvvm.rsqrt.approx.ftz.f", Treatment::Function, 0, {}, true, "cria_gpusim_rsqrt"},
    {"llvm.nvvm.rcp.approx.ftz.f", Treatment::Function, 0, {}, true, "cria_gpusim_rcp"},
    {"llvm.nvvm.membar.", Treatment::Drop},
    {"llvm.nvvm.prefetch.", Treatment::Drop},
};

const Intrinsic *findIntrinsic(llvm::StringRef name) {
  static constexpr Intrinsic kGeneric{"llvm.", Treatment::Host};
  if (!name.starts_with("llvm.nvvm.")) {
    return &kGeneric;
  }
  const Intrinsic *found = llvm::find_if(kIntrinsics, [&](const Intrinsic &intrinsic) {
    return intrinsic.name.ends_with(".") ? name.starts_with(intrinsic.name) : name == intrinsic.name;
  });
  return found == std::end(kIntrinsics) ? nullptr : found;
}

} // namespace cria::gpusim
