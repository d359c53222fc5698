// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The ops of the llama dialect.
#pragma once

#include "format/ActivationClass.h"
#include "ir/LlamaDialect.h"
#include "ir/LlamaTypes.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include <array>

#include "ir/LlamaInterfaceEnums.h.inc"
#include "ir/LlamaInterfaces.h.inc"

#define GET_OP_CLASSES
#include "ir/LlamaOps.h.inc"

namespace cria::llama {

/// The `llama.config` of a module, or null.
ConfigAttr getConfig(mlir::ModuleOp module);

/// The class of activations that a linear or a module states; f32 without one.
ActivationClass getActivations(mlir::Operation *op);

} // namespace cria::llama
