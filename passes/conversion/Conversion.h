// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The conversion of llama entry points to the program of one target: passes that take a target object, and
// their pipeline.
#pragma once

#include "passes/Passes.h"
#include "passes/targets/Target.h"

#include "mlir/Pass/PassOptions.h"

namespace cria {

/// The passes with a target that the caller owns and that outlives them; the generated constructors name a
/// built-in one.
std::unique_ptr<mlir::Pass> createPreparePass(const Target &target);
std::unique_ptr<mlir::Pass> createAssignActivationsPass(const Target &target,
                                                        AssignActivationsPassOptions options);
std::unique_ptr<mlir::Pass> createFormDispatchesPass(const Target &target, FormDispatchesPassOptions options);

struct ProgramOptions : mlir::PassPipelineOptions<ProgramOptions> {
  Option<int64_t> maxTokens{*this, "max-tokens",
                            llvm::cl::desc("Maximum tokens per step (at most the context length)"),
                            llvm::cl::init(512)};
  Option<int64_t> maxSequences{*this, "max-sequences", llvm::cl::desc("Most sequences of a step"),
                               llvm::cl::init(16)};
  Option<int64_t> maxOutputs{*this, "max-outputs",
                             llvm::cl::desc("Maximum rows of logits; 0: as many as tokens per step"),
                             llvm::cl::init(0)};
  Option<int64_t> context{*this, "context",
                          llvm::cl::desc("Context length in tokens; 0: that of llama.config"),
                          llvm::cl::init(0)};
  Option<std::string> activations{
      *this, "activations",
      llvm::cl::desc("Class of activations of matrix products; empty: the target's default"),
      llvm::cl::init("")};
};

/// llama to program, for a module with entries (llama-specialize-entries): prepare, assign activations, form
/// dispatches, plan memory, verify. `target` outlives the manager.
void buildProgramPipeline(mlir::OpPassManager &manager, const Target &target, const ProgramOptions &options);

/// Registers the pipeline of every built-in target by name: `llama-ops-pipeline`, ...
void registerProgramPipelines();

} // namespace cria
