// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The pass that prints the code of a program's kernels, for tests and debugging.
#include "passes/targets/PrintCode.h"

#include "passes/targets/TargetRegistry.h"

#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassRegistry.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace cria {
namespace {

struct PrintCodePass : PassWrapper<PrintCodePass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(PrintCodePass)
  PrintCodePass() = default;
  PrintCodePass(const PrintCodePass &other) : PassWrapper(other) {}
  StringRef getArgument() const final { return "cria-print-code"; }
  StringRef getDescription() const final { return "Print a program's code for one target to stdout"; }
  void getDependentDialects(DialectRegistry &registry) const final { registerKernelDialects(registry); }

  Option<std::string> target{*this, "target", llvm::cl::desc("a built-in target")};
  Option<bool> llvmIr{*this, "llvm-ir", llvm::cl::desc("LLVM IR instead of assembly"), llvm::cl::init(false)};

  void runOnOperation() final {
    std::unique_ptr<Target> made = createTarget(target);
    if (!made) {
      emitError(UnknownLoc::get(&getContext()))
          << "expected option 'target' to be one of " << llvm::join(targetNames(), ", ") << ", got '"
          << target << "'";
      return signalPassFailure();
    }
    FailureOr<TargetCode> code =
        made->emitCode(getOperation(), llvmIr ? CodeStage::llvm : CodeStage::assembly);
    if (failed(code)) {
      return signalPassFailure();
    }
    llvm::outs() << code->bytes;
  }
};

} // namespace

void registerPrintCodePass() { PassRegistration<PrintCodePass>(); }

} // namespace cria
