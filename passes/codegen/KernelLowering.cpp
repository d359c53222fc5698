// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The lowering of kernels to the llvm dialect: upstream conversions in an order that converts every
// operation, the ABI wrappers, and the check that no other operation is left.
#include "passes/codegen/ObjectCode.h"

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVMPass.h"
#include "mlir/Conversion/IndexToLLVM/IndexToLLVM.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVMPass.h"
#include "mlir/Conversion/VectorToSCF/VectorToSCF.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace cria {
namespace {

constexpr llvm::StringLiteral kKernelAttr = "cria.kernel";
/// The parameters of a kernel after its bindings: scratch, x, y, z.
constexpr unsigned kTrailingArguments = 4;

/// Adds for each kernel `name` the exported function of the kernel ABI, and renames the kernel itself to an
/// internal `name.body`, which is inlined there.
struct ExportKernelsPass : PassWrapper<ExportKernelsPass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(ExportKernelsPass)
  StringRef getArgument() const final { return "cria-export-kernels"; }
  StringRef getDescription() const final {
    return "Wrap lowered kernels in functions that follow the kernel ABI";
  }
  void getDependentDialects(DialectRegistry &registry) const final { registry.insert<LLVM::LLVMDialect>(); }

  void runOnOperation() final {
    SmallVector<LLVM::LLVMFuncOp> kernels;
    for (auto function : getOperation().getOps<LLVM::LLVMFuncOp>()) {
      if (function->hasAttr(kKernelAttr)) {
        kernels.push_back(function);
      } else if (!function.isExternal()) {
        function.setLinkage(LLVM::Linkage::Internal);
      }
    }
    for (LLVM::LLVMFuncOp kernel : kernels) {
      if (failed(addWrapper(kernel))) {
        return signalPassFailure();
      }
    }
  }

  static LogicalResult addWrapper(LLVM::LLVMFuncOp kernel) {
    if (kernel.getNumArguments() < kTrailingArguments) {
      return kernel.emitError("expected a kernel to take bindings, scratch, x, y and z, got ")
             << kernel.getNumArguments() << " arguments";
    }
    ImplicitLocOpBuilder b(kernel.getLoc(), kernel);
    std::string name = kernel.getName().str();
    kernel.setName(name + ".body");
    kernel.setLinkage(LLVM::Linkage::Internal);
    kernel.setAlwaysInline(true);
    kernel->removeAttr(kKernelAttr);
    auto pointer = LLVM::LLVMPointerType::get(b.getContext());
    Type u32 = b.getI32Type();
    auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(b.getContext()),
                                            {pointer, pointer, u32, u32, u32});
    auto wrapper = LLVM::LLVMFuncOp::create(b, name, type);
    b.setInsertionPointToStart(wrapper.addEntryBlock(b));
    SmallVector<Value> arguments;
    for (unsigned i = 0; i < kernel.getNumArguments() - kTrailingArguments; ++i) {
      Value slot = LLVM::GEPOp::create(b, pointer, pointer, wrapper.getArgument(0),
                                       ArrayRef<LLVM::GEPArg>{int32_t(i)});
      arguments.push_back(LLVM::LoadOp::create(b, pointer, slot));
    }
    llvm::append_range(arguments, wrapper.getArguments().drop_front());
    LLVM::CallOp::create(b, kernel, arguments);
    LLVM::ReturnOp::create(b, ValueRange());
    return success();
  }
};

/// Rejects operations outside llvm and builtin. Some conversions leave operations that they do not support,
/// and succeed.
struct CheckLoweredPass : PassWrapper<CheckLoweredPass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(CheckLoweredPass)
  StringRef getArgument() const final { return "cria-check-lowered"; }
  StringRef getDescription() const final { return "Refuse operations outside llvm and builtin"; }

  void runOnOperation() final {
    Operation *left = nullptr;
    getOperation().walk([&](Operation *op) {
      bool lowered = op->getName().getDialectNamespace() == "llvm" || isa<ModuleOp>(op);
      // A cast only marks the boundary of the unconverted operations; report the operation next to it.
      if (!lowered && (!left || isa<UnrealizedConversionCastOp>(left))) {
        left = op;
      }
    });
    if (left) {
      left->emitError("operation '") << left->getName() << "' was left after lowering kernels to llvm";
      signalPassFailure();
    }
  }
};

} // namespace

void addKernelLoweringPasses(OpPassManager &pm) {
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createConvertVectorToSCFPass());
  // Before memrefs are converted: subviews become plain offsets.
  pm.addPass(memref::createExpandStridedMetadataPass());
  pm.addPass(createSCFToControlFlowPass());
  pm.addPass(createConvertVectorToLLVMPass());
  pm.addPass(createConvertMathToLLVMPass());
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createFinalizeMemRefToLLVMConversionPass());
  // Bare pointers keep noalias and align, which memref descriptors would lose.
  ConvertFuncToLLVMPassOptions functions;
  functions.useBarePtrCallConv = true;
  pm.addPass(createConvertFuncToLLVMPass(functions));
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addPass(createConvertIndexToLLVMPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(std::make_unique<ExportKernelsPass>());
  pm.addPass(std::make_unique<CheckLoweredPass>());
}

LogicalResult lowerKernels(ModuleOp kernels) {
  PassManager pm(kernels.getContext());
  addKernelLoweringPasses(pm);
  return pm.run(kernels);
}

void registerObjectCodePasses() {
  PassRegistration<ExportKernelsPass>();
  PassRegistration<CheckLoweredPass>();
  PassPipelineRegistration<>("cria-lower-kernels", "Lower CPU kernels to llvm, wrap and check them",
                             addKernelLoweringPasses);
}

} // namespace cria
