// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Constructors, options and registration of all passes; Passes.td describes them.
#pragma once

#include "ir/LlamaDialect.h"
#include "ir/LlamaOps.h"
#include "ir/LlamaShapes.h"
#include "ir/ProgramDialect.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

#include "llvm/Support/CommandLine.h"

/// Parses parts of fused ops in list options of a pass.
template <>
class llvm::cl::parser<cria::llama::FusedPart> : public llvm::cl::basic_parser<cria::llama::FusedPart> {
public:
  using basic_parser::basic_parser;
  /// Returns true on an error, which `option` has reported.
  bool parse(Option &option, StringRef argument, StringRef text, cria::llama::FusedPart &part);
};

namespace cria {

#define GEN_PASS_DECL
#include "passes/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/Passes.h.inc"

} // namespace cria
