// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Turns a module for nvptx64 into one for the host in which every access, barrier and warp-wide operation
// calls the simulator. A kernel becomes void(thread, parameters), see KernelFunction.
#pragma once

#include "plugins/backends/gpusim/GpuSim.h"
#include "plugins/backends/gpusim/Thread.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/ModuleSlotTracker.h"

#include <deque>

namespace cria::gpusim {

/// Places in the code, at addresses that last as long as the compiled code.
using SiteTable = std::deque<Site>;

/// A kernel and what is needed while its body is rewritten.
class KernelLowering {
public:
  KernelLowering(llvm::Function &function, SiteTable &sites, llvm::ModuleSlotTracker &slots);

  llvm::Function &function;
  llvm::Value *thread;                            // the hidden parameter
  llvm::SmallVector<llvm::Instruction *> windows; // the addresses of the kernel's parameters
  std::string error;                              // set: the kernel cannot be simulated

  /// Fills name, source line and text of a new site.
  Site &addSite(llvm::Instruction &instruction, llvm::StringRef name);
  /// The site as a constant for generated code.
  llvm::Value *siteAddress(const Site &site);
  /// Parameter that all possible values of a pointer derive from, or -1.
  int32_t windowOf(llvm::Value *pointer) const;
  /// Calls cria_sim_<name> of the runtime.
  llvm::CallInst *callRuntime(llvm::IRBuilderBase &builder, llvm::StringRef name, llvm::Type *result,
                              llvm::ArrayRef<llvm::Value *> arguments);
  /// Room for the operands and results of a collective; one for the whole kernel.
  llvm::Value *slot();

private:
  SiteTable &sites_;
  llvm::ModuleSlotTracker &slots_;
  llvm::Value *slot_ = nullptr;
};

/// Puts a check before each load, store, atomic operation and memory intrinsic.
void instrumentAccesses(KernelLowering &kernel);

/// Replaces the intrinsics of NVPTX; sets `error` at an unknown one, an unknown function or inline assembly.
void lowerCalls(KernelLowering &kernel);
/// Replaces one llvm.nvvm intrinsic. False: not in the table.
bool lowerNvvmIntrinsic(KernelLowering &kernel, llvm::CallInst &call);
/// llvm.fma on 16-bit floats, which the host would round twice.
void lowerSmallFma(KernelLowering &kernel, llvm::CallInst &call);

/// Replaces variables in shared memory by offsets into the block's memory. Returns the bytes of the static
/// ones, to which the dynamic ones follow.
uint64_t lowerSharedVariables(KernelLowering &kernel);

/// What lowering a module gives.
struct LoweredModule {
  std::vector<KernelInfo> kernels;
  std::vector<std::string> variables; // in global memory
  std::string error;
};

/// Rewrites the whole module for the host's data layout and triple.
LoweredModule lowerModule(llvm::Module &module, const llvm::DataLayout &layout, const llvm::Triple &triple,
                          SiteTable &sites);

} // namespace cria::gpusim
