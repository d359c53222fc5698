// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What all targets print alike.
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
