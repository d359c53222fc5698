// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cria-device-check/CompileCeilings.h"

#include "ir/ProgramDialect.h"
#include "passes/targets/TargetRegistry.h"
#include "passes/targets/cuda/DeviceEmitter.h"
#include "tools/cria-device-check/EmitCeilingKernels.h"

#include "mlir/IR/Diagnostics.h"

using namespace mlir;

namespace cria::check {

using conformance::CompiledProgram;

static void loadKernelDialects(MLIRContext &context) {
  DialectRegistry registry;
  registerKernelDialects(registry);
  registry.insert<arith::ArithDialect, func::FuncDialect, scf::SCFDialect, vector::VectorDialect>();
  context.appendDialectRegistry(registry);
  context.loadAllAvailableDialects();
}

/// Programmatic dependent launch needs sm_90, the newest SM that code is emitted for.
static bool hasProgrammaticLaunch(const std::string &target) {
  return target.find("sm_90") != std::string::npos;
}

static LogicalResult compileWith(const Target &target, MLIRContext &context, CompiledProgram &out) {
  const Location location = UnknownLoc::get(&context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(location);
  const auto kernels = ModuleOp::create(location, program::ProgramDialect::kKernelsModule);
  module->push_back(kernels);
  emitCeilingKernels(kernels, hasProgrammaticLaunch(target.name()));
  FailureOr<TargetCode> code = target.emitCode(*module, CodeStage::object);
  if (failed(code)) {
    return failure();
  }
  out.code = std::move(code->bytes);
  out.format = target.format();
  out.features = target.features(out.code);
  out.abiVersion = target.abiVersion({});
  return success();
}

CompiledProgram compileCeilings(const std::string &name) {
  MLIRContext context(MLIRContext::Threading::DISABLED);
  loadKernelDialects(context);
  CompiledProgram result;
  std::string diagnostics;
  const ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    diagnostics += diagnostic.str() + "\n";
    return success();
  });
  const std::unique_ptr<Target> target = createTarget(name);
  if (!target || failed(compileWith(*target, context, result))) {
    result = {};
    result.error = "target " + name + ": " + diagnostics;
  }
  return result;
}

} // namespace cria::check
