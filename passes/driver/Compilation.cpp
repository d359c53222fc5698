// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The stages of a compilation in their order.
#include "passes/driver/Compilation.h"

#include "format/KvType.h"
#include "format/ProgramWriter.h"
#include "frontends/GraphBuilder.h"
#include "frontends/Recipes.h"
#include "ir/ElementTypes.h"
#include "ir/ProgramDialect.h"
#include "ir/ProgramLowering.h"
#include "passes/Passes.h"
#include "passes/Pipelines.h"
#include "passes/codegen/PackageWriter.h"
#include "passes/conversion/Conversion.h"
#include "passes/driver/FusionRemarks.h"
#include "passes/driver/JobTargets.h"
#include "support/File.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/Diagnostics.h"

#include <chrono>

namespace cria {

using namespace mlir;

namespace {
using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// The program without the IR of its kernels.
std::string printProgram(ModuleOp module) {
  OwningOpRef<ModuleOp> clone = module.clone();
  for (ModuleOp kernels : llvm::make_early_inc_range(clone->getOps<ModuleOp>())) {
    kernels.erase();
  }
  return printModule(*clone);
}

/// Records in the program the resources that the assembler reports for its kernels.
void recordResources(ModuleOp module, ArrayRef<KernelResources> resources) {
  Builder builder(module.getContext());
  for (auto kernel : module.getOps<program::KernelOp>()) {
    for (const KernelResources &used : resources) {
      if (kernel.getSymbol() == used.name) {
        kernel.setRegistersAttr(builder.getI64IntegerAttr(used.registers));
      }
    }
  }
}

StatusOr<std::vector<OptimizePass>> parsePasses(ArrayRef<std::string> names) {
  std::vector<OptimizePass> passes;
  for (const std::string &name : names) {
    const std::optional<OptimizePass> pass = parseOptimizePass(name);
    if (!pass) {
      std::vector<std::string> known;
      for (const auto &[passName, unused] : optimizePassNames()) {
        known.push_back(passName.str());
      }
      return invalidArgument("--disable-pass: expected one of {}, got '{}'", fmt::join(known, ", "), name);
    }
    passes.push_back(*pass);
  }
  return passes;
}

CodeStage codeStageOf(CompileStage stage) {
  switch (stage) {
  case CompileStage::kernels:
    return CodeStage::kernels;
  case CompileStage::llvm:
    return CodeStage::llvm;
  case CompileStage::assembly:
    return CodeStage::assembly;
  case CompileStage::import:
  case CompileStage::optimized:
  case CompileStage::program:
  case CompileStage::package:
    return CodeStage::object;
  }
  return CodeStage::object;
}

/// The start of a comment in the text of a stage.
const char *commentOf(CompileStage stage) {
  return stage == CompileStage::llvm ? ";" : stage == CompileStage::assembly ? "#" : "//";
}
} // namespace

Compilation::Compilation(const CompileJob &job, CompileObserver &observer)
    : job_(job), observer_(observer), context_(MLIRContext::Threading::DISABLED) {
  context_.loadDialect<llama::LlamaDialect, program::ProgramDialect>();
  context_.getDiagEngine().registerHandler([this](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == DiagnosticSeverity::Error) {
      diagnostics_ += (diagnostics_.empty() ? "" : "; ") + diagnostic.str();
    }
    return success();
  });
  if (job.reportFusions) {
    reportFusions(context_, observer);
  }
}

Status Compilation::diagnosed(bool succeeded, StringRef stage) const {
  if (succeeded) {
    return {};
  }
  return error(StatusCode::internal, "{}: {}", stage.str(),
               diagnostics_.empty() ? "failed without a diagnostic; please report this as a bug"
                                    : diagnostics_);
}

Status Compilation::begin(StringRef stage) {
  observer_.stageStarted(stage.str());
  const bool isCancelled = job_.cancelled != nullptr && *job_.cancelled;
  return isCancelled ? error(StatusCode::cancelled, "interrupted before: {}", stage.str()) : Status();
}

Status Compilation::runPasses(PassManager &manager, ModuleOp module, StringRef stage) {
  CRIA_RETURN_IF_ERROR(begin(stage));
  const Clock::time_point start = Clock::now();
  CRIA_RETURN_IF_ERROR(diagnosed(succeeded(manager.run(module)), stage));
  observer_.stageFinished(stage.str(), secondsSince(start), std::nullopt);
  return {};
}

int64_t Compilation::maxTokens() const { return std::min(job_.maxTokens, model_.checkpoint.config.context); }

Status Compilation::makeTargets() {
  const cpu::ProductKinds products = {.hasCodes = model_.weights.hasCodes(),
                                      .hasBfloatInputs =
                                          job_.activations && roundsToBfloat(*job_.activations)};
  CRIA_ASSIGN_OR_RETURN(std::vector<std::unique_ptr<Target>> targets,
                        createTargets(job_, products, observer_));
  for (std::unique_ptr<Target> &target : targets) {
    targets_.push_back({std::move(target), nullptr});
  }
  return {};
}

Status Compilation::importGraph() {
  const Checkpoint &checkpoint = model_.checkpoint;
  auto recipe = [&](LlamaTensor tensor) -> Attribute {
    return job_.randomSeed ? randomRecipe(context_, *job_.randomSeed, checkpoint.config, tensor)
                           : checkpointRecipe(context_, checkpoint, tensor);
  };
  GraphOptions graph{checkpoint.config, model_.weights, mlirType(&context_, job_.kvType)};
  module_ = buildGraph(context_, graph, recipe);
  return diagnosed(bool(module_), "import");
}

Status Compilation::optimize() {
  CRIA_ASSIGN_OR_RETURN(const std::vector<OptimizePass> disabled, parsePasses(job_.disabledPasses));
  OptimizeOptions options;
  options.disable = disabled;
  PassManager manager(&context_);
  buildOptimizePipeline(manager, options);
  CRIA_RETURN_IF_ERROR(runPasses(manager, *module_, "optimize"));
  graph_ = printModule(*module_);
  return {};
}

Status Compilation::specialize() {
  PassManager manager(&context_);
  manager.addPass(createSpecializeEntriesPass({.maxTokens = maxTokens()}));
  return runPasses(manager, *module_, "specialize");
}

Status Compilation::convert() {
  ProgramOptions options;
  options.maxTokens = maxTokens();
  options.maxSequences = job_.maxSequences;
  options.context = model_.checkpoint.config.context;
  options.activations = job_.activations ? std::string(nameOf(*job_.activations)) : "";
  for (TargetProgram &program : targets_) {
    program.module = module_->clone();
    PassManager manager(&context_);
    buildProgramPipeline(manager, *program.target, options);
    CRIA_RETURN_IF_ERROR(runPasses(manager, *program.module, "convert for " + program.target->name()));
    noteLessPrecise(program);
  }
  return {};
}

/// Tells that a target multiplies some weights in a class below the one that the job names.
void Compilation::noteLessPrecise(const TargetProgram &program) {
  const ActivationClass least = llama::getActivations(*program.module);
  if (job_.activations && least > *job_.activations) {
    observer_.note(
        fmt::format("--activations {}: target {} multiplies some weights in {}, since it has no other "
                    "products for their formats",
                    nameOf(*job_.activations), program.target->name(), nameOf(least)));
  }
}

StatusOr<TargetCode> Compilation::codeOf(const TargetProgram &program, CodeStage stage) {
  const std::string name = "code for " + program.target->name();
  CRIA_RETURN_IF_ERROR(begin(name));
  const Clock::time_point start = Clock::now();
  FailureOr<TargetCode> code = program.target->emitCode(*program.module, stage);
  CRIA_RETURN_IF_ERROR(diagnosed(succeeded(code), name));
  observer_.stageFinished(name, secondsSince(start), code->bytes.size());
  return std::move(*code);
}

StatusOr<std::string> Compilation::textOf(const TargetProgram &program) {
  if (job_.stage == CompileStage::program) {
    return printProgram(*program.module);
  }
  if (program.target->codeExtension().empty()) {
    return error(StatusCode::unsupported,
                 "--emit: target {} has no code; expected import, optimized or program",
                 program.target->name());
  }
  CRIA_ASSIGN_OR_RETURN(TargetCode code, codeOf(program, codeStageOf(job_.stage)));
  return std::move(code.bytes);
}

StatusOr<std::string> Compilation::programTexts() {
  std::string all;
  for (const TargetProgram &program : targets_) {
    CRIA_ASSIGN_OR_RETURN(const std::string text, textOf(program));
    if (targets_.size() > 1) {
      all += fmt::format("{} target: {}\n", commentOf(job_.stage), program.target->name());
    }
    all += text;
  }
  return all;
}

Status Compilation::writePackageFiles() {
  PackageContent content{.model = model_.checkpoint.config,
                         .chat = model_.checkpoint.chat,
                         .tokenizer = model_.tokenizer,
                         .tokenizerFile = model_.checkpoint.tokenizer.model,
                         .weightsFormat = model_.weightsName,
                         .kvType = std::string(kvTypeNameOf(job_.kvType)),
                         .randomSeed = job_.randomSeed,
                         .tensors = model_.checkpoint.tensors.get(),
                         .errorWeights = &model_.errorWeights,
                         .graph = graph_};
  for (TargetProgram &program : targets_) {
    const Target &target = *program.target;
    CRIA_ASSIGN_OR_RETURN(TargetCode code, codeOf(program, CodeStage::object));
    recordResources(*program.module, code.resources);
    FailureOr<Program> lowered = lowerProgram(*program.module);
    CRIA_RETURN_IF_ERROR(diagnosed(succeeded(lowered), "program"));
    content.targets.push_back({.name = target.name(),
                               .format = target.format(),
                               .features = target.features(code.bytes),
                               .abiVersion = target.abiVersion(*lowered),
                               .activations = llama::getActivations(*program.module),
                               .program = *program.module,
                               .programJson = printJson(programToJson(*lowered)),
                               .code = std::move(code.bytes),
                               .codeExtension = target.codeExtension()});
  }
  CRIA_RETURN_IF_ERROR(begin("writing"));
  PackageWriteOptions writing{.numThreads = job_.numThreads, .cancelled = job_.cancelled};
  writing.progress = [&](std::string_view, uint64_t done, uint64_t total) {
    observer_.progress(done, total);
  };
  return writePackage(job_.output, content, writing);
}

/// Refuses to replace what the compilation reads.
Status Compilation::checkOutput() const {
  if (job_.output.empty() || job_.stage != CompileStage::package) {
    return {};
  }
  if (!job_.checkpoint.empty() && isWithin(job_.checkpoint, job_.output)) {
    return invalidArgument("{}: expected a package without the checkpoint in it, got one with {}; choose "
                           "another name",
                           job_.output, job_.checkpoint);
  }
  return checkPackageOutput(job_.output);
}

StatusOr<CompileResult> Compilation::run() {
  CRIA_RETURN_IF_ERROR(checkOutput());
  CRIA_ASSIGN_OR_RETURN(model_, openModel(job_, observer_));
  CRIA_RETURN_IF_ERROR(makeTargets());
  CompileResult result;
  for (const TargetProgram &program : targets_) {
    result.targets.push_back(program.target->name());
  }
  CRIA_RETURN_IF_ERROR(importGraph());
  if (job_.stage == CompileStage::import) {
    result.text = printModule(*module_);
    return result;
  }
  CRIA_RETURN_IF_ERROR(optimize());
  if (job_.stage == CompileStage::optimized) {
    result.text = std::move(graph_);
    return result;
  }
  CRIA_RETURN_IF_ERROR(specialize());
  CRIA_RETURN_IF_ERROR(convert());
  if (job_.stage == CompileStage::package) {
    CRIA_RETURN_IF_ERROR(writePackageFiles());
  } else {
    CRIA_ASSIGN_OR_RETURN(result.text, programTexts());
  }
  return result;
}

StatusOr<CompileResult> compile(const CompileJob &job, CompileObserver &observer) {
  return Compilation(job, observer).run();
}

} // namespace cria
