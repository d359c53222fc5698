// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cria-device-check/CompileProgram.h"

#include "format/ProgramWriter.h"
#include "ir/LlamaDialect.h"
#include "ir/LlamaOps.h"
#include "ir/ProgramDialect.h"
#include "ir/ProgramLowering.h"
#include "ir/ProgramOps.h"
#include "passes/Passes.h"
#include "passes/conversion/Conversion.h"
#include "passes/targets/TargetRegistry.h"

#include "mlir/Parser/Parser.h"

using namespace mlir;

namespace cria::conformance {
namespace {

using Rows = std::vector<std::pair<std::string, int64_t>>;

/// The rows that a recipe makes. Steps other than interleaving are not used by these tests.
Rows rowsOf(Attribute recipe) {
  Rows rows;
  if (auto checkpoint = dyn_cast<llama::CheckpointAttr>(recipe)) {
    const int64_t count = checkpoint.getShape().size() == 1 ? 1 : checkpoint.getShape()[0];
    for (int64_t row = 0; row < count; ++row) {
      rows.emplace_back(checkpoint.getTensor().str(), row);
    }
    return rows;
  }
  if (isa<llama::RandomAttr>(recipe)) {
    return {};
  }
  auto interleave = cast<llama::InterleaveAttr>(recipe);
  std::vector<Rows> inputs;
  int64_t length = 0;
  for (Attribute input : interleave.getInputs()) {
    inputs.push_back(rowsOf(input));
    length = std::max<int64_t>(length, inputs.back().size());
  }
  for (int64_t first = 0; first < length; first += interleave.getBlock()) {
    for (const Rows &input : inputs) {
      for (int64_t row = first; row < first + interleave.getBlock(); ++row) {
        const bool inside = row < static_cast<int64_t>(input.size());
        rows.push_back(inside ? input[row] : std::pair<std::string, int64_t>());
      }
    }
  }
  return rows;
}

LogicalResult runPasses(ModuleOp module, const Target &target, const ProgramLimits &limits, bool decompose) {
  ProgramOptions options;
  options.maxTokens = limits.maxTokens;
  options.maxSequences = limits.maxSequences;
  options.context = limits.context;
  PassManager manager(module.getContext());
  if (decompose) {
    manager.addPass(createDecomposeFusedOpsPass());
    manager.addPass(createRemoveDeadWeightsPass());
  }
  buildProgramPipeline(manager, target, options);
  return manager.run(module);
}

LogicalResult compile(ModuleOp module, const Target &target, const ProgramLimits &limits, bool decompose,
                      CompiledProgram &out) {
  if (failed(runPasses(module, target, limits, decompose))) {
    return failure();
  }
  for (auto weight : module.getOps<program::WeightOp>()) {
    out.weights.push_back({weight.getSymName().str(), rowsOf(weight.getRecipe())});
  }
  FailureOr<TargetCode> code = target.emitCode(module, CodeStage::object);
  if (failed(code)) {
    return failure();
  }
  out.code = std::move(code->bytes);
  FailureOr<Program> lowered = lowerProgram(module);
  if (failed(lowered)) {
    return failure();
  }
  out.json = programToJson(*lowered).dump();
  out.format = target.format();
  out.features = target.features();
  out.abiVersion = target.abiVersion();
  return success();
}

} // namespace

CompiledProgram compileProgram(const std::string &text, const std::string &targetName,
                               const ProgramLimits &limits, bool decompose) {
  MLIRContext context(MLIRContext::Threading::DISABLED);
  context.loadDialect<llama::LlamaDialect, program::ProgramDialect, func::FuncDialect>();
  CompiledProgram result;
  std::string diagnostics;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    diagnostics += diagnostic.str() + "\n";
    return success();
  });
  const std::unique_ptr<Target> target = createTarget(targetName);
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
  if (!target || !module || failed(compile(*module, *target, limits, decompose, result))) {
    result = {};
    result.error = "target " + targetName + ": " + diagnostics;
  }
  return result;
}

std::vector<std::string> builtInTargets() {
  llvm::SmallVector<std::string> names = targetNames();
  return {names.begin(), names.end()};
}

} // namespace cria::conformance
