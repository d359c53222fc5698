// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pipelines of llama passes, as functions and by name.
#pragma once

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

#include <optional>
#include <string>

namespace cria {

/// The passes of the optimize pipeline that can be switched off, in the order they run.
enum class OptimizePass { fuseQkv, fuseRopeAttention, fuseSwigluMlp, fuseNorm, fuseResidual };

/// All of them by name, as `--disable-pass` takes them: "llama-fuse-qkv", ...
llvm::ArrayRef<std::pair<llvm::StringLiteral, OptimizePass>> optimizePassNames();

/// The pass of a name, with or without "llama-" in front.
std::optional<OptimizePass> parseOptimizePass(llvm::StringRef name);

struct OptimizeOptions : mlir::PassPipelineOptions<OptimizeOptions> {
  ListOption<OptimizePass> disable{*this, "disable", llvm::cl::desc("Passes to leave out"),
                                   llvm::cl::values(clEnumValN(OptimizePass::fuseQkv, "llama-fuse-qkv", "q, k and v"),
                                                    clEnumValN(OptimizePass::fuseRopeAttention, "llama-fuse-rope-attention", "RoPE, KV append, attention"),
                                                    clEnumValN(OptimizePass::fuseSwigluMlp, "llama-fuse-swiglu-mlp", "gate, up and SwiGLU"),
                                                    clEnumValN(OptimizePass::fuseNorm, "llama-fuse-norm", "norm into linears"),
                                                    clEnumValN(OptimizePass::fuseResidual, "llama-fuse-residual", "residual into linears"))};
  Option<int64_t> swigluBlock{*this, "swiglu-block", llvm::cl::desc("Rows of gate, then of up, that lie together"), llvm::cl::init(16)};
};

/// llama to llama: primitive ops to fused ones (`llama-optimize-pipeline`). Runs on a module with @forward or with entries.
void buildOptimizePipeline(mlir::OpPassManager &manager, const OptimizeOptions &options);

/// Registers every pipeline by name.
void registerPipelines();

} // namespace cria
