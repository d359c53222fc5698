// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Target: the interface between the compiler and a kind of machine. A target lowers prepared llama ops to
// dispatches, emits the code of its kernels, and chooses the layout of KV pages and weights.
//
// Implemented in the folders ops/, cpu/ and cuda/; called by passes/conversion and passes/codegen.
//  1. A target is immutable after construction, and one instance serves any number of compilations.
//     Thread-safe.
//  2. A function that fails has emitted a diagnostic with what was expected and what was found.
//  3. emitDispatches accepts every llama op, primitive or fused, that the preparation passes leave in an
//     entry point. It is not called for `use_weight` and `split`, which are views.
#pragma once

#include "format/ActivationClass.h"
#include "format/KvType.h"
#include "format/Program.h"
#include "format/RandomWeights.h"
#include "ir/LlamaOps.h"
#include "passes/targets/DispatchBuilder.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"

#include <memory>
#include <string>
#include <vector>

namespace cria {

/// A form of a target's code, for `--emit` and for the package.
enum class CodeStage {
  kernels,  ///< MLIR of the kernels before lowering
  llvm,     ///< LLVM IR, optimized
  assembly, ///< assembly text
  object,   ///< the content of code/<target>.<extension>
};

/// The resources of one thread of a kernel, as ptxas reports them.
struct KernelResources {
  std::string name;
  int64_t registers = 0;
  int64_t localBytes = 0; ///< stack in device memory, in bytes
  int64_t spillBytes = 0; ///< register spills, in bytes
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
  /// The members of cria_executable_info with which a backend is probed: the format, such as "cria.ops.v1"
  /// or "elf.x86_64"; the features that `code`, the bytes of emitCode(), requires, such as "x86-64-v4", or
  /// empty; the version of the kernel ABI, or the lowest version of the opset that has all that `program`
  /// uses.
  virtual std::string format() const = 0;
  virtual std::string features(llvm::StringRef code) const = 0;
  virtual uint32_t abiVersion(const Program &program) const = 0;
  /// Extension of the code file with its dot, e.g. ".so"; empty for a target without code.
  virtual std::string codeExtension() const = 0;

  /// The number of tokens of a KV page, and the bytes of a page over all layers, a multiple of 64.
  virtual int64_t pageTokens() const = 0;
  virtual int64_t pageBytes(llama::KvCacheType cache) const = 0;

  /// Adds the passes that convert the ops of one entry point to those that this target has kernels for, e.g.
  /// llama-decompose-fused-ops with its option `functions`. `entry` has the attributes llama.min_tokens and
  /// llama.max_tokens. The passes run on the module, before layouts are assigned.
  virtual void addPreparePasses(mlir::OpPassManager &manager, mlir::func::FuncOp entry) const {}

  /// Returns whether the target keeps a KV cache of that type (format/KvType.h). Others are refused before
  /// layouts are assigned.
  virtual bool takesCache(ElementType type) const { return !hasKvScales(type); }
  /// Returns whether the target has kernels for weights in `format`. Others are refused before layouts are
  /// assigned, so that the functions below get none.
  virtual bool takesFormat(WeightFormat format) const { return isDense(format); }
  /// The classes of activations in which the target multiplies weights in `format`, which it takes; the
  /// default is the first. A linear in another class than f32 states it (llama.activations).
  virtual std::vector<ActivationClass> activationsFor(WeightFormat format) const {
    return {ActivationClass::f32};
  }
  /// The layout of a weight. `users` are the llama ops of all entry points that have it as an operand.
  virtual llama::WeightLayout weightLayout(llama::WeightOp weight,
                                           llvm::ArrayRef<mlir::Operation *> users) const {
    return llama::WeightLayout::row_major;
  }

  /// Adds the kernels and dispatches that compute one llama op.
  virtual llvm::LogicalResult emitDispatches(mlir::Operation *op, DispatchBuilder &builder) const = 0;
  /// Adds the dispatch of the entry point `initialize` that writes the rows of one source tensor
  /// (format/RandomWeights.h) into a weight. Before it, all memory of the weight is zero. `constants`: a view
  /// of the words of `segment`, which are an operand so that segments can share a kernel.
  virtual llvm::LogicalResult emitFillRandom(const WeightView &weight, const RandomSegment &segment,
                                             const View &constants, DispatchBuilder &builder) const = 0;
  /// Adds the dispatch of the entry point `initialize` that sets a vector to ones.
  virtual llvm::LogicalResult emitFillOnes(const WeightView &weight, DispatchBuilder &builder) const = 0;

  /// The code of a program at a stage; empty for a target without code. Leaves `program` unchanged.
  virtual llvm::FailureOr<TargetCode> emitCode(mlir::ModuleOp program, CodeStage stage) const = 0;
};

} // namespace cria
