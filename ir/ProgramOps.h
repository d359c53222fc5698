// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The ops of the `program` dialect.
#pragma once

#include "ir/ProgramDialect.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"

#define GET_OP_CLASSES
#include "ir/ProgramOps.h.inc"
