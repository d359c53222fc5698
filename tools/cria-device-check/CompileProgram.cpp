// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cria-device-check/CompileProgram.h"

#include "format/ProgramWriter.h"
#include "ir/LlamaDialect.h"
#include "ir/LlamaOps.h"
#include "ir/ProgramDialect.h"
#include "ir/ProgramLowering.h"
#include "ir/ProgramOps.h"
#include "passes/Passes.h"
#include "passes/codegen/WeightRecipes.h"
#include "passes/conversion/Conversion.h"
#include "passes/targets/TargetRegistry.h"

#include "mlir/Parser/Parser.h"

#include <cstring>

using namespace mlir;

namespace cria::conformance {
namespace {

/// Numbers the rows of the tensors that recipes name, from 1, in the order of `names`.
class RowNumbers {
public:
  /// Returns rows whose values are their numbers. Padding rows hold 0.
  StatusOr<std::unique_ptr<cria::WeightRows>> rowsOf(llama::CheckpointAttr tensor);
  std::pair<std::string, int64_t> nameOf(uint32_t number) const {
    return number == 0 ? std::pair<std::string, int64_t>() : names_[number - 1];
  }

private:
  std::vector<std::pair<std::string, int64_t>> names_;
};

class NumberedRows : public cria::WeightRows {
public:
  NumberedRows(uint32_t first, int64_t rows) : WeightRows(rows, /*columns=*/1), first_(first) {}

  Status read(int64_t first, int64_t count, std::byte *target) const override {
    for (int64_t row = first; row < first + count; ++row, target += sizeof(uint32_t)) {
      const uint32_t number = first_ + static_cast<uint32_t>(row);
      std::memcpy(target, &number, sizeof(number));
    }
    return {};
  }

private:
  uint32_t first_;
};

StatusOr<std::unique_ptr<cria::WeightRows>> RowNumbers::rowsOf(llama::CheckpointAttr tensor) {
  const int64_t rows = tensor.getShape().size() == 1 ? 1 : tensor.getShape()[0];
  const uint32_t first = static_cast<uint32_t>(names_.size()) + 1;
  for (int64_t row = 0; row < rows; ++row) {
    names_.emplace_back(tensor.getTensor().str(), row);
  }
  return std::unique_ptr<cria::WeightRows>(std::make_unique<NumberedRows>(first, rows));
}

/// Returns the sources of the rows of a recipe: evaluates it with the packer on rows that hold their numbers
/// in four bytes.
StatusOr<std::vector<std::pair<std::string, int64_t>>> sourcesOf(Attribute recipe) {
  RowNumbers numbers;
  CRIA_ASSIGN_OR_RETURN(
      const std::unique_ptr<cria::WeightRows> rows,
      planWeightRows(recipe, WeightFormat::f32,
                     [&](llama::CheckpointAttr tensor, WeightFormat) { return numbers.rowsOf(tensor); }));
  std::vector<uint32_t> values(static_cast<size_t>(rows->rows()));
  CRIA_RETURN_IF_ERROR(rows->read(0, rows->rows(), reinterpret_cast<std::byte *>(values.data())));
  std::vector<std::pair<std::string, int64_t>> sources;
  for (uint32_t value : values) {
    sources.push_back(numbers.nameOf(value));
  }
  return sources;
}

/// Returns the weights with the sources of their rows. Weights that the program initializes have none.
LogicalResult collectWeights(ModuleOp module, CompiledProgram &out) {
  for (auto weight : module.getOps<program::WeightOp>()) {
    WeightRows entry{weight.getSymName().str(), {}};
    if (!weight.getInitialized()) {
      auto sources = sourcesOf(weight.getRecipe());
      if (!sources.ok()) {
        return weight.emitError(sources.status().message());
      }
      entry.rows = std::move(*sources);
    }
    out.weights.push_back(std::move(entry));
  }
  return success();
}

struct Choices {
  const CaseLimits &limits;
  bool decompose;
  std::string activations;
};

LogicalResult runPasses(ModuleOp module, const Target &target, const Choices &choices) {
  ProgramOptions options;
  options.maxTokens = choices.limits.maxTokens;
  options.maxSequences = choices.limits.maxSequences;
  options.context = choices.limits.context;
  options.activations = choices.activations;
  PassManager manager(module.getContext());
  if (choices.decompose) {
    manager.addPass(createDecomposeFusedOpsPass());
    manager.addPass(createRemoveDeadWeightsPass());
  }
  buildProgramPipeline(manager, target, options);
  return manager.run(module);
}

LogicalResult compile(ModuleOp module, const Target &target, const Choices &choices, CompiledProgram &out) {
  if (failed(runPasses(module, target, choices))) {
    return failure();
  }
  if (failed(collectWeights(module, out))) {
    return failure();
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
  out.features = target.features(out.code);
  out.abiVersion = target.abiVersion(*lowered);
  return success();
}

} // namespace

CompiledProgram compileProgram(const std::string &text, const std::string &targetName,
                               const CaseLimits &limits, bool decompose, const std::string &activations) {
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
  if (!target || !module || failed(compile(*module, *target, {limits, decompose, activations}, result))) {
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
