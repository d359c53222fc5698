// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From a module of CPU kernels to a shared object that follows plugins/api/kernel_abi.h, within this process.
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

/// What LLVM needs to know of the processor, and what the library says of itself.
struct ObjectTarget {
  std::string triple;
  std::string cpu;
  std::string features;
  std::string libraryFeatures; ///< as in cria_kernel_library_info: "x86-64-v3"; below 48 bytes
};

/// Appends the passes that turn arith, math, memref, scf and vector into llvm, then give each kernel its ABI
/// wrapper, then refuse whatever operation is left outside llvm and builtin, by name.
void addKernelLoweringPasses(mlir::OpPassManager &pm);

/// Runs these passes on `kernels`.
mlir::LogicalResult lowerKernels(mlir::ModuleOp kernels);

/// Registers the passes for cria-opt: cria-export-kernels, cria-check-lowered, and the pipeline
/// cria-lower-kernels.
void registerObjectCodePasses();

/// What to make of a lowered module.
enum class ObjectStage { llvmIr, assembly, object, sharedObject };

/// Optimized LLVM IR or assembly as text, or an ELF file's bytes. An object that would need a symbol from
/// elsewhere (a call into libm or libc) is refused with the symbol's name.
mlir::FailureOr<std::string> emitObjectCode(mlir::ModuleOp lowered, const ObjectTarget &target,
                                            ObjectStage stage);

} // namespace cria
