// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pipelines of llama passes, as functions and by name.
#pragma once

#include "ir/LlamaShapes.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

#include <optional>
#include <utility>

namespace cria {

/// The passes of the optimize pipeline that can be disabled, in the order in which they run.
enum class OptimizePass { fuseQkv, fuseRopeAttention, fuseSwigluMlp, fuseNorm, fuseResidual };

/// All of them with their names, as `--disable-pass` takes them: "llama-fuse-qkv", ...
llvm::ArrayRef<std::pair<llvm::StringLiteral, OptimizePass>> optimizePassNames();

/// The pass with this argument or class name: "llama-fuse-qkv", "FuseQkv".
std::optional<OptimizePass> parseOptimizePass(llvm::StringRef name);

llvm::raw_ostream &operator<<(llvm::raw_ostream &os, OptimizePass pass);

} // namespace cria

/// Reads such names in lists of a pipeline's options.
template <> class llvm::cl::parser<cria::OptimizePass> : public llvm::cl::basic_parser<cria::OptimizePass> {
public:
  using basic_parser::basic_parser;
  /// Returns true on an error, which `option` has reported.
  bool parse(Option &option, StringRef argument, StringRef text, cria::OptimizePass &pass);
};

namespace cria {

struct OptimizeOptions : mlir::PassPipelineOptions<OptimizeOptions> {
  ListOption<OptimizePass> disable{*this, "disable",
                                   llvm::cl::desc("Passes to leave out, such as llama-fuse-qkv")};
  Option<int64_t> swigluBlock{*this, "swiglu-block", llvm::cl::desc("Rows of gate, then of up, per block"),
                              llvm::cl::init(llama::kSwigluBlock)};
};

/// Fuses primitive llama ops (`llama-optimize-pipeline`). Runs on a module with @forward or with entry
/// points.
void buildOptimizePipeline(mlir::OpPassManager &manager, const OptimizeOptions &options);

/// Registers every pipeline by name.
void registerPipelines();

} // namespace cria
