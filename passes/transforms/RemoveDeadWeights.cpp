// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Erases unused weights. Fusions leave the original weights in the module, and without this pass the package
// would hold their values twice.

#include "passes/Passes.h"

#include "mlir/IR/SymbolTable.h"

namespace cria {
#define GEN_PASS_DEF_REMOVEDEADWEIGHTSPASS
#include "passes/Passes.h.inc"
} // namespace cria

using namespace mlir;
using namespace cria::llama;

namespace {
struct RemoveDeadWeightsPass : cria::impl::RemoveDeadWeightsPassBase<RemoveDeadWeightsPass> {
  void runOnOperation() override {
    getOperation().walk([](UseWeightOp use) {
      if (use->use_empty()) {
        use.erase();
      }
    });
    SymbolTableCollection symbols;
    SymbolUserMap users(symbols, getOperation());
    for (auto weight : llvm::make_early_inc_range(getOperation().getOps<WeightOp>())) {
      if (users.useEmpty(weight)) {
        weight.erase();
        ++numRemoved;
      }
    }
  }
};
} // namespace
