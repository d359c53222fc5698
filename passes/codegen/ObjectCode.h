// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compiles a module of CPU kernels to a shared object with the interface of plugins/api/kernel_abi.h, in this
// process.
//
// A kernels module holds func.func with the attribute cria.kernel: one memref per binding, one for scratch,
// then x, y, z as i32; no results. Other functions are private to it. All functions here report errors as
// diagnostics on the module. Several modules may be compiled at once when each has its own MLIRContext; only
// linking is serialized.
#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"

#include <string>

namespace cria {

/// LLVM's description of the processor, and the library's description of itself.
struct ObjectTarget {
  std::string triple;
  std::string cpu;
  std::string features;
  std::string libraryFeatures; ///< as in cria_kernel_library_info: "x86-64-v3"; below 48 bytes
};

/// Appends the passes that lower arith, math, memref, scf and vector to llvm, add the ABI wrapper of each
/// kernel, and reject, by name, any operation that is not in llvm or builtin.
void addKernelLoweringPasses(mlir::OpPassManager &pm);

/// Runs these passes on `kernels`.
mlir::LogicalResult lowerKernels(mlir::ModuleOp kernels);

/// Registers the passes for cria-opt: cria-export-kernels, cria-check-lowered, and the pipeline
/// cria-lower-kernels.
void registerObjectCodePasses();

/// The form of code to emit.
enum class ObjectStage { llvmIr, assembly, object, sharedObject };

/// Optimized LLVM IR or assembly as text, or an ELF file's bytes. An object with an undefined symbol (a
/// call into libm or libc) is rejected with the symbol's name.
mlir::FailureOr<std::string> emitObjectCode(mlir::ModuleOp lowered, const ObjectTarget &target,
                                            ObjectStage stage);

} // namespace cria
