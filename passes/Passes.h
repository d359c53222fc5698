// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Constructors, options and registration of all passes; see Passes.td for what they do.
#pragma once

#include "ir/LlamaDialect.h"
#include "ir/LlamaOps.h"
#include "ir/ProgramDialect.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace cria {

#define GEN_PASS_DECL
#include "passes/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/Passes.h.inc"

} // namespace cria
