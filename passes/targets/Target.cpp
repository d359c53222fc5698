// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Prints modules, the same for all targets.
#include "passes/targets/Target.h"

namespace cria {

std::string printModule(mlir::ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module.print(stream);
  stream << "\n";
  return text;
}

} // namespace cria
