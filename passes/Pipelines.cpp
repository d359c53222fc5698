// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The order of the passes, with the reasons for it.

#include "passes/Pipelines.h"

#include "passes/Passes.h"
#include "passes/conversion/Conversion.h"

#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;

static constexpr std::pair<llvm::StringLiteral, cria::OptimizePass> kOptimizePasses[] = {
    {"llama-fuse-qkv", cria::OptimizePass::fuseQkv},
    {"llama-fuse-rope-attention", cria::OptimizePass::fuseRopeAttention},
    {"llama-fuse-swiglu-mlp", cria::OptimizePass::fuseSwigluMlp},
    {"llama-fuse-norm", cria::OptimizePass::fuseNorm},
    {"llama-fuse-residual", cria::OptimizePass::fuseResidual}};

ArrayRef<std::pair<llvm::StringLiteral, cria::OptimizePass>> cria::optimizePassNames() {
  return kOptimizePasses;
}

/// "FuseQkv" for "llama-fuse-qkv".
static std::string className(StringRef argument) {
  std::string name = argument.drop_front(StringRef("llama-").size()).str();
  llvm::replace(name, '-', '_');
  return llvm::convertToCamelFromSnakeCase(name, /*capitalizeFirst=*/true);
}

std::optional<cria::OptimizePass> cria::parseOptimizePass(StringRef name) {
  for (auto [argument, pass] : kOptimizePasses) {
    if (name == argument || name == className(argument)) {
      return pass;
    }
  }
  return std::nullopt;
}

llvm::raw_ostream &cria::operator<<(llvm::raw_ostream &os, OptimizePass pass) {
  return os << llvm::find_if(kOptimizePasses, [&](auto &entry) { return entry.second == pass; })->first;
}

bool llvm::cl::parser<cria::OptimizePass>::parse(Option &option, StringRef, StringRef text,
                                                 cria::OptimizePass &pass) {
  std::optional<cria::OptimizePass> known = cria::parseOptimizePass(text);
  if (!known) {
    return option.error("expected a pass that can be disabled, such as llama-fuse-qkv, got " + text);
  }
  pass = *known;
  return false;
}

void cria::buildOptimizePipeline(OpPassManager &manager, const OptimizeOptions &options) {
  auto enabled = [&](OptimizePass pass) { return !llvm::is_contained(options.disable, pass); };
  // One use_weight and one norm for each value, so that fusions can compare operands.
  manager.addPass(createCSEPass());
  // Before llama-fuse-rope-attention, whose op can then take the one tensor that q, k and v are slices of.
  if (enabled(OptimizePass::fuseQkv)) {
    manager.addPass(createFuseQkvPass());
  }
  if (enabled(OptimizePass::fuseRopeAttention)) {
    manager.addPass(createFuseRopeAttentionPass());
  }
  // Before llama-fuse-norm: gate and up are matched as unfused linears, and as one op they compute their norm
  // once.
  if (enabled(OptimizePass::fuseSwigluMlp)) {
    manager.addPass(createFuseSwigluMlpPass({.swigluBlock = options.swigluBlock}));
  }
  if (enabled(OptimizePass::fuseNorm)) {
    manager.addPass(createFuseNormPass());
  }
  // After the passes that create fused linears; a residual can be added to each of them.
  if (enabled(OptimizePass::fuseResidual)) {
    manager.addPass(createFuseResidualPass());
  }
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  // Last, because fusions and CSE leave unused weights in the module.
  manager.addPass(createRemoveDeadWeightsPass());
}

void cria::registerPipelines() {
  PassPipelineRegistration<OptimizeOptions>("llama-optimize-pipeline", "Fuses the ops of a model",
                                            buildOptimizePipeline);
  registerProgramPipelines();
}
