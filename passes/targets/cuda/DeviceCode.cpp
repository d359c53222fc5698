// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Outlining and lowering of device kernels, optimization, and code generation for NVPTX.
#include "passes/targets/cuda/DeviceCode.h"

#include "passes/codegen/OptimizeIr.h"
#include "passes/targets/cuda/DeviceEmitter.h"

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/GPUToNVVM/GPUToNVVMPass.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVMPass.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"

#include <mutex>

using namespace mlir;

namespace cria::cuda {
namespace {

constexpr llvm::StringLiteral kTriple = "nvptx64-nvidia-cuda";

/// Outlines every kernel as a gpu.func in a gpu.module, which also has the symbol of shared memory.
struct OutlineKernelsPass : PassWrapper<OutlineKernelsPass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(OutlineKernelsPass)
  StringRef getArgument() const final { return "cria-outline-device-kernels"; }
  StringRef getDescription() const final { return "Move device kernels into a gpu.module as gpu.func"; }
  void getDependentDialects(DialectRegistry &registry) const final {
    registry.insert<gpu::GPUDialect, NVVM::NVVMDialect, LLVM::LLVMDialect>();
  }

  void runOnOperation() final {
    ModuleOp module = getOperation();
    OpBuilder b = OpBuilder::atBlockBegin(module.getBody());
    auto device = gpu::GPUModuleOp::create(b, module.getLoc(), "device");
    for (Operation &op : llvm::make_early_inc_range(llvm::drop_begin(*module.getBody()))) {
      op.moveBefore(device.getBody(), device.getBody()->end());
    }
    for (auto function : llvm::make_early_inc_range(device.getOps<func::FuncOp>())) {
      if (failed(outline(function))) {
        return signalPassFailure();
      }
    }
  }

  static LogicalResult outline(func::FuncOp function) {
    auto threads = function->getAttrOfType<IntegerAttr>(kBlockThreadsAttr);
    auto blocks = function->getAttrOfType<IntegerAttr>(kBlocksPerSmAttr);
    if (!threads || !blocks) {
      return function.emitError("expected a device kernel to state '")
             << kBlockThreadsAttr << "' and '" << kBlocksPerSmAttr << "'";
    }
    OpBuilder b(function);
    auto kernel =
        gpu::GPUFuncOp::create(b, function.getLoc(), function.getName(), function.getFunctionType());
    kernel->setAttr(gpu::GPUDialect::getKernelFuncAttrName(), b.getUnitAttr());
    kernel.setKnownBlockSizeAttr(b.getDenseI32ArrayAttr({int32_t(threads.getInt()), 1, 1}));
    kernel->setAttr(NVVM::NVVMDialect::getMinctasmAttrName(), b.getI32IntegerAttr(int32_t(blocks.getInt())));
    if (ArrayAttr attributes = function.getAllArgAttrs()) {
      kernel.setAllArgAttrs(attributes);
    }
    kernel.getBody().takeBody(function.getBody());
    kernel.walk([](func::ReturnOp op) {
      OpBuilder at(op);
      gpu::ReturnOp::create(at, op.getLoc());
      op.erase();
    });
    function.erase();
    return success();
  }
};

std::unique_ptr<llvm::TargetMachine> makeTargetMachine(const Sm &sm) {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
  });
  llvm::Triple triple(kTriple);
  std::string error;
  const llvm::Target *backend = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!backend) {
    return nullptr;
  }
  llvm::TargetOptions options;
  // Multiplications and additions are not contracted: kernels state each fused multiply-add.
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;
  return std::unique_ptr<llvm::TargetMachine>(
      backend->createTargetMachine(triple, sm.name, ("+" + sm.ptx).str(), options, std::nullopt, std::nullopt,
                                   llvm::CodeGenOptLevel::Aggressive));
}

/// The gpu.module becomes the module: its functions move up.
void unwrapDevice(ModuleOp module) {
  for (auto device : llvm::make_early_inc_range(module.getOps<gpu::GPUModuleOp>())) {
    for (Operation &op : llvm::make_early_inc_range(*device.getBody())) {
      op.moveBefore(device);
    }
    device.erase();
  }
}

LogicalResult refuseLeftovers(ModuleOp module) {
  WalkResult result = module.walk([](Operation *op) {
    StringRef dialect = op->getName().getDialectNamespace();
    if (isa<ModuleOp>(op) || dialect == "llvm" || dialect == "nvvm") {
      return WalkResult::advance();
    }
    op->emitError("operation '") << op->getName() << "' was left after lowering device kernels";
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

/// Nothing is linked, so a function without a body is a call that a lowering introduced.
LogicalResult refuseLibraryCalls(ModuleOp origin, llvm::Module &module) {
  for (const llvm::Function &function : module) {
    if (function.isDeclaration() && !function.isIntrinsic()) {
      return origin.emitError("device kernels need the function '")
             << function.getName() << "' from elsewhere; device code calls no library";
    }
  }
  return success();
}

std::string bitcodeOf(llvm::Module &module) {
  std::string bytes;
  llvm::raw_string_ostream stream(bytes);
  llvm::WriteBitcodeToFile(module, stream);
  return bytes;
}

} // namespace

void registerDeviceDialects(DialectRegistry &registry) {
  registry.insert<gpu::GPUDialect, NVVM::NVVMDialect, LLVM::LLVMDialect>();
}

void addDeviceLoweringPasses(OpPassManager &pm) {
  pm.addPass(std::make_unique<OutlineKernelsPass>());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createSCFToControlFlowPass());
  pm.addNestedPass<gpu::GPUModuleOp>(createConvertGpuOpsToNVVMOps());
  pm.addPass(createConvertVectorToLLVMPass());
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

void registerDeviceCodePasses() {
  PassRegistration<OutlineKernelsPass>();
  PassPipelineRegistration<>("cria-lower-device-kernels", "Outline device kernels and lower them to llvm",
                             addDeviceLoweringPasses);
}

FailureOr<std::string> emitDeviceCode(ModuleOp kernels, const Sm &sm, DeviceStage stage) {
  PassManager pm(kernels.getContext());
  addDeviceLoweringPasses(pm);
  if (failed(pm.run(kernels))) {
    return failure();
  }
  unwrapDevice(kernels);
  if (failed(refuseLeftovers(kernels))) {
    return failure();
  }
  registerBuiltinDialectTranslation(*kernels.getContext());
  registerLLVMDialectTranslation(*kernels.getContext());
  registerNVVMDialectTranslation(*kernels.getContext());
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> module = translateModuleToLLVMIR(kernels, context, "kernels");
  std::unique_ptr<llvm::TargetMachine> machine = makeTargetMachine(sm);
  if (!module || !machine) {
    return kernels.emitError("the lowered kernels do not translate to LLVM IR for ") << sm.name;
  }
  module->setTargetTriple(machine->getTargetTriple());
  module->setDataLayout(machine->createDataLayout());
  optimizeIr(*module, *machine);
  if (failed(refuseLibraryCalls(kernels, *module))) {
    return failure();
  }
  switch (stage) {
  case DeviceStage::llvmIr:
    return printIr(*module);
  case DeviceStage::bitcode:
    return bitcodeOf(*module);
  case DeviceStage::ptx:
    return generateCode(kernels, *module, *machine, llvm::CodeGenFileType::AssemblyFile);
  }
  llvm_unreachable("all stages are handled");
}

} // namespace cria::cuda
