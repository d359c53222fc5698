// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Target: what the compiler asks of a kind of machine. A target turns prepared llama ops into dispatches,
// makes the code of its kernels, and chooses what lies inside a KV page and in which layout weights are held.
//
// Implemented by the folders beside this file (ops/, cpu/, cuda/); called by passes/conversion and
// passes/codegen.
//  1. A target is immutable once made; one instance serves any number of compilations. Threads: any, at once.
//  2. Functions that fail have emitted a diagnostic that says what was expected and what was found.
//  3. Every llama op that preparation leaves in an entry, primitive or fused, is accepted by emitDispatches;
//  `use_weight`
//     and `split` never reach it, they are views.
#pragma once

#include "format/RandomWeights.h"
#include "ir/LlamaOps.h"
#include "passes/targets/DispatchBuilder.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"

#include <memory>
#include <string>
#include <vector>

namespace cria {

/// A stage of a target's code, for `--emit` and for the package.
enum class CodeStage {
  kernels,  ///< MLIR of the kernels before lowering
  llvm,     ///< LLVM IR, optimized
  assembly, ///< assembly text
  object,   ///< bytes of code/<target>.<extension>
};

/// The resources of one thread of a kernel, as ptxas reports them.
struct KernelResources {
  std::string name;
  int64_t registers = 0;
  int64_t localBytes = 0; ///< stack in device memory
  int64_t spillBytes = 0; ///< written and read because registers did not suffice
};

struct TargetCode {
  std::string bytes; ///< text or a binary file
  std::vector<KernelResources> resources;
};

/// The text of a module.
std::string printModule(mlir::ModuleOp module);

class Target {
public:
  virtual ~Target() = default;

  /// File-safe and unique among the targets of a package: "ops", "cpu-x86-64-v4".
  virtual std::string name() const = 0;
  /// What a backend is probed with (cria_executable_info): "cria.ops.v1", "elf.x86_64"; "x86-64-v4" or empty;
  /// kernel ABI or opset version.
  virtual std::string format() const = 0;
  virtual std::string features() const = 0;
  virtual uint32_t abiVersion() const = 0;
  /// Extension of the code file with its dot, e.g. ".so"; empty for a target without code.
  virtual std::string codeExtension() const = 0;

  /// Tokens of a KV page, and bytes of one page over all layers: a multiple of 64.
  virtual int64_t pageTokens() const = 0;
  virtual int64_t pageBytes(llama::KvCacheType cache) const = 0;

  /// Adds the passes that bring one entry's ops into the form this target emits, e.g.
  /// llama-decompose-fused-ops with its option `functions`. `entry` has its llama.min_tokens and
  /// llama.max_tokens. The passes run on the module, before layouts are chosen.
  virtual void addPreparePasses(mlir::OpPassManager &manager, mlir::func::FuncOp entry) const {}

  /// The one layout in which a weight is held. `users` are the llama ops of all entries that take it.
  virtual llama::WeightLayout weightLayout(llama::WeightOp weight,
                                           llvm::ArrayRef<mlir::Operation *> users) const {
    return llama::WeightLayout::row_major;
  }

  /// Adds the kernels and dispatches that compute one llama op.
  virtual llvm::LogicalResult emitDispatches(mlir::Operation *op, DispatchBuilder &builder) const = 0;
  /// Adds the dispatch of the entry `initialize` that writes the rows of one source tensor
  /// (format/RandomWeights.h) into a weight. All memory of the weight is zero before. `constants`: the words of
  /// `segment`, so that kernels can be shared.
  virtual llvm::LogicalResult emitFillRandom(const WeightView &weight, const RandomSegment &segment,
                                             const View &constants, DispatchBuilder &builder) const = 0;
  /// Adds the dispatch of the entry `initialize` that sets a vector to ones.
  virtual llvm::LogicalResult emitFillOnes(const WeightView &weight, DispatchBuilder &builder) const = 0;

  /// The code of a program at a stage; empty for a target without code. Leaves `program` unchanged.
  virtual llvm::FailureOr<TargetCode> emitCode(mlir::ModuleOp program, CodeStage stage) const = 0;
};

} // namespace cria
