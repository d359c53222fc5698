// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Lowers a module for nvptx64 to one for the host in which every access, barrier and warp-wide operation
// calls the simulator. A kernel becomes void(thread, parameters); see KernelFunction.
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

/// The address spaces of NVPTX.
inline constexpr unsigned kGlobalSpace = 1;
inline constexpr unsigned kSharedSpace = 3;
inline constexpr unsigned kConstantSpace = 4;

/// Sites, at addresses that are valid as long as the compiled code.
using SiteTable = std::deque<Site>;

/// A kernel whose body is being rewritten.
class KernelLowering {
public:
  KernelLowering(llvm::Function &function, SiteTable &sites, llvm::ModuleSlotTracker &slots);

  llvm::Function &function;
  llvm::Value *thread;                            // the hidden parameter
  llvm::SmallVector<llvm::Instruction *> windows; // the values of the kernel's parameters
  std::string error;                              // not empty: the kernel cannot be simulated

  /// Makes a site with name, source line and text.
  Site &addSite(llvm::Instruction &instruction, llvm::StringRef name);
  /// Returns the site as a constant for generated code.
  llvm::Value *siteAddress(const Site &site);
  /// Returns the parameter that all possible values of a pointer derive from, or -1.
  int32_t windowOf(llvm::Value *pointer) const;
  /// Builds a call of cria_sim_<name> of the runtime.
  llvm::CallInst *callRuntime(llvm::IRBuilderBase &builder, llvm::StringRef name, llvm::Type *result,
                              llvm::ArrayRef<llvm::Value *> arguments);
  /// Returns the slot for the operands and results of collectives, one for the whole kernel.
  llvm::Value *slot();

private:
  SiteTable &sites_;
  llvm::ModuleSlotTracker &slots_;
  llvm::Value *slot_ = nullptr;
};

/// Inserts a check before each load, store, atomic operation and memory intrinsic.
void instrumentAccesses(KernelLowering &kernel);

/// Replaces the intrinsics of NVPTX. Sets `error` for an unsupported intrinsic or function and for inline
/// assembly.
void lowerCalls(KernelLowering &kernel);
/// Replaces one llvm.nvvm intrinsic. Returns false if it is not in the table.
bool lowerNvvmIntrinsic(KernelLowering &kernel, llvm::CallInst &call);
/// Replaces llvm.fma on 16-bit floats, which the host would round twice.
void lowerSmallFma(KernelLowering &kernel, llvm::CallInst &call);

/// Replaces variables in shared memory by offsets into the block's memory. Returns the size of the static
/// ones, which the dynamic ones follow.
uint64_t lowerSharedVariables(KernelLowering &kernel);

/// The result of lowering a module.
struct LoweredModule {
  std::vector<KernelInfo> kernels;
  std::vector<std::string> variables; // in global memory
  std::string error;
};

/// Rewrites the whole module for the host's data layout and triple.
LoweredModule lowerModule(llvm::Module &module, const llvm::DataLayout &layout, const llvm::Triple &triple,
                          SiteTable &sites);

} // namespace cria::gpusim
