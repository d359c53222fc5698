// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Lowers a module of device kernels to LLVM IR, and that to PTX, or to bitcode for the simulator. Both start
// from the same optimized IR.
//
// A kernels module holds func.func with the attribute cria.block_threads whose arguments are pointers, and
// the symbol of dynamic shared memory. All functions here report errors as diagnostics on the module.
#pragma once

#include "passes/targets/cuda/Sm.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"

#include <string>

namespace cria::cuda {

/// Registers gpu, nvvm and llvm, the dialects of device kernels in addition to arith, scf and vector.
void registerDeviceDialects(mlir::DialectRegistry &registry);
/// Appends the passes that outline kernels as gpu.func and lower them to the llvm dialect.
void addDeviceLoweringPasses(mlir::OpPassManager &pm);
/// Registers the pipeline cria-lower-device-kernels for cria-opt.
void registerDeviceCodePasses();

enum class DeviceStage { llvmIr, ptx, bitcode };

/// `kernels` is lowered in place.
mlir::FailureOr<std::string> emitDeviceCode(mlir::ModuleOp kernels, const Sm &sm, DeviceStage stage);

} // namespace cria::cuda
