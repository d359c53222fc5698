// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The steps of a compilation in their order; each returns what went wrong.
#include "tools/cria-compile/Compilation.h"

#include "format/ProgramWriter.h"
#include "frontends/GraphBuilder.h"
#include "frontends/huggingface/HuggingFaceCheckpoint.h"
#include "ir/ElementTypes.h"
#include "ir/ProgramLowering.h"
#include "passes/Passes.h"
#include "passes/Pipelines.h"
#include "passes/conversion/Conversion.h"
#include "passes/targets/TargetRegistry.h"
#include "runtime/text/AddedTokens.h"
#include "runtime/text/TokenizerRegistry.h"
#include "support/File.h"
#include "support/OutputFile.h"
#include "tools/cria-compile/FusionReport.h"
#include "tools/cria-compile/OpsBackend.h"
#include "tools/cria-compile/Presets.h"
#include "tools/cria-compile/TargetNames.h"
#include "tools/cria-compile/TargetPlugins.h"
#include "tools/terminal/JsonOutput.h"
#include "tools/terminal/Terminal.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/Diagnostics.h"

#include <chrono>
#include <filesystem>

namespace cria {

using namespace mlir;

namespace {
/// The program without the IR of its kernels.
std::string printProgram(ModuleOp module) {
  OwningOpRef<ModuleOp> clone = module.clone();
  for (ModuleOp kernels : llvm::make_early_inc_range(clone->getOps<ModuleOp>())) {
    kernels.erase();
  }
  return printModule(*clone);
}

/// Writes into the program what the assembler says of its kernels.
void recordUses(ModuleOp module, ArrayRef<KernelUse> uses) {
  Builder builder(module.getContext());
  for (auto kernel : module.getOps<program::KernelOp>()) {
    for (const KernelUse &use : uses) {
      if (kernel.getSymbol() == use.name) {
        kernel.setRegistersAttr(builder.getI64IntegerAttr(use.registers));
      }
    }
  }
}
} // namespace

Compilation::Compilation(const CompileOptions &options, const std::atomic<bool> &cancelled)
    : options_(options), cancelled_(cancelled), context_(MLIRContext::Threading::DISABLED),
      progress_("compiling", options.quiet) {
  context_.loadDialect<llama::LlamaDialect, program::ProgramDialect>();
  context_.getDiagEngine().registerHandler([this](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == DiagnosticSeverity::Error) {
      diagnostics_ += (diagnostics_.empty() ? "" : "; ") + diagnostic.str();
    }
    return success();
  });
  if (options.verbose) {
    enableFusionReport(context_);
  }
}

void Compilation::note(const std::string &text) const { cli::logInfo(options_.quiet, "note: {}", text); }

Status Compilation::diagnosed(bool succeeded, StringRef step) {
  if (succeeded) {
    return {};
  }
  return error(StatusCode::internal, "{}: {}", step.str(),
               diagnostics_.empty() ? "failed without saying why" : diagnostics_);
}

Status Compilation::begin(StringRef step) {
  progress_.stage(step.str());
  return cancelled_ ? error(StatusCode::cancelled, "interrupted before: {}", step.str()) : Status();
}

Status Compilation::runPasses(PassManager &manager, ModuleOp module, StringRef step) {
  CRIA_RETURN_IF_ERROR(begin(step));
  auto start = std::chrono::steady_clock::now();
  CRIA_RETURN_IF_ERROR(diagnosed(succeeded(manager.run(module)), step));
  if (options_.verbose) {
    std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    cli::logInfo(false, "{}: {:.2f} s", step.str(), seconds.count());
  }
  return {};
}

Status Compilation::openModel() {
  if (!options_.preset.empty()) {
    checkpoint_.config = *findPreset(options_.preset);
  } else {
    CRIA_ASSIGN_OR_RETURN(checkpoint_, huggingface::openCheckpoint(
                                           options_.model, {.requireTokenizer = !options_.withoutTokenizer}));
  }
  for (const std::string &text : checkpoint_.notes) {
    note(text);
  }
  CRIA_RETURN_IF_ERROR(readTokenizer());
  ElementType own = options_.preset.empty() ? checkpoint_.weightType : ElementType::f16;
  weightType_ = options_.weightType.value_or(own);
  return applyContext();
}

Status Compilation::readTokenizer() {
  const std::string &path = checkpoint_.tokenizerPath;
  if (path.empty()) {
    return {};
  }
  CRIA_ASSIGN_OR_RETURN(tokenizerFile_, readFile(path));
  CRIA_ASSIGN_OR_RETURN(const std::unique_ptr<Tokenizer> tokenizer,
                        loadTokenizer(kSentencePieceKind, tokenizerFile_, path));
  const int64_t vocabSize = checkpoint_.config.vocabSize;
  if (tokenizer->size() > vocabSize) {
    return invalidArgument("{}: expected at most the model's {} pieces, got {}; it belongs to another model",
                           path, vocabSize, tokenizer->size());
  }
  std::vector<std::string> notes;
  tokenizer_ = PackageTokenizer{
      .kind = std::string(kSentencePieceKind),
      .file = "tokenizer.model",
      .addedTokens = selectAddedTokens(*tokenizer, checkpoint_.addedTokens, vocabSize, path, notes)};
  for (const std::string &text : notes) {
    note(text);
  }
  return {};
}

Status Compilation::applyContext() {
  ModelConfig &config = checkpoint_.config;
  int64_t asked = options_.context;
  if (asked > config.context && checkpoint_.contextLimitReason) {
    return error(StatusCode::unsupported, "--context {}: {}", asked, *checkpoint_.contextLimitReason);
  }
  if (asked > config.context) {
    note(fmt::format("--context {} is longer than the {} positions the model was made for", asked,
                     config.context));
  }
  config.context = asked != 0 ? asked : config.context;
  if (config.context > ModelConfig::kMaxContext) {
    return invalidArgument(
        "{}: the model states {} positions, and a package holds at most {}: choose a smaller --context",
        options_.model, config.context, ModelConfig::kMaxContext);
  }
  return {};
}

Status Compilation::makeTargets() {
  if (!options_.forBackend.empty()) {
    CRIA_ASSIGN_OR_RETURN(OpsCapabilities backend,
                          findOpsBackend(options_.forBackend, options_.pluginFolders));
    targets_.push_back({createOpsTarget(std::move(backend)), nullptr});
    return {};
  }
  CRIA_ASSIGN_OR_RETURN(const TargetPlugins plugins, TargetPlugins::load(options_.targetPlugins));
  CRIA_ASSIGN_OR_RETURN(
      ExpandedTargets expanded,
      expandTargets(options_.targets.empty() ? plugins.names() : options_.targets, plugins.names()));
  for (const std::string &text : expanded.notes) {
    note(text);
  }
  for (const std::string &name : expanded.names) {
    CRIA_ASSIGN_OR_RETURN(std::unique_ptr<Target> own, plugins.create(name));
    targets_.push_back({own ? std::move(own) : createTarget(name), nullptr});
  }
  return {};
}

Status Compilation::importGraph() {
  auto recipe = [&](StringRef tensor, ArrayRef<int64_t> shape) -> Attribute {
    if (options_.randomSeed && shape.size() == 1) {
      return llama::OnesAttr::get(&context_, shape[0]);
    }
    if (options_.randomSeed) {
      return llama::RandomAttr::get(&context_, *options_.randomSeed, tensor, shape[0], shape[1]);
    }
    const SafetensorsEntry &entry = *checkpoint_.tensors.find(tensor.str())->second.entry;
    return llama::CheckpointAttr::get(&context_, tensor, mlirType(&context_, entry.type), entry.shape);
  };
  GraphOptions graph{checkpoint_.config, mlirType(&context_, weightType_),
                     mlirType(&context_, options_.kvType)};
  module_ = buildGraph(context_, graph, recipe);
  return diagnosed(bool(module_), "import");
}

Status Compilation::optimize() {
  OptimizeOptions optimize;
  std::vector<OptimizePass> disabled;
  for (const std::string &name : options_.disabledPasses) {
    std::optional<OptimizePass> pass = parseOptimizePass(name);
    if (!pass) {
      std::vector<std::string> known;
      for (const auto &[passName, unused] : optimizePassNames()) {
        known.push_back(passName.str());
      }
      return invalidArgument("--disable-pass: expected one of {}, got '{}'", fmt::join(known, ", "), name);
    }
    disabled.push_back(*pass);
  }
  optimize.disable = disabled;
  PassManager manager(&context_);
  buildOptimizePipeline(manager, optimize);
  return runPasses(manager, *module_, "optimize");
}

Status Compilation::specialize() {
  PassManager manager(&context_);
  manager.addPass(
      createSpecializeEntriesPass({.maxTokens = std::min(options_.maxTokens, checkpoint_.config.context)}));
  return runPasses(manager, *module_, "specialize");
}

Status Compilation::convert() {
  for (TargetProgram &program : targets_) {
    ProgramOptions conversion;
    conversion.maxTokens = std::min(options_.maxTokens, checkpoint_.config.context);
    conversion.maxSequences = options_.maxSequences;
    conversion.context = checkpoint_.config.context;
    program.module = module_->clone();
    PassManager manager(&context_);
    buildProgramPipeline(manager, *program.target, conversion);
    CRIA_RETURN_IF_ERROR(runPasses(manager, *program.module, "convert for " + program.target->name()));
  }
  return {};
}

StatusOr<TargetCode> Compilation::codeOf(const TargetProgram &program, CodeStage stage) {
  CRIA_RETURN_IF_ERROR(begin("code for " + program.target->name()));
  auto start = std::chrono::steady_clock::now();
  FailureOr<TargetCode> code = program.target->emitCode(*program.module, stage);
  CRIA_RETURN_IF_ERROR(diagnosed(succeeded(code), "code for " + program.target->name()));
  if (options_.verbose) {
    std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    cli::logInfo(false, "code for {}: {:.2f} s, {} bytes", program.target->name(), seconds.count(),
                 code->bytes.size());
  }
  return std::move(*code);
}

StatusOr<std::string> Compilation::stageText() {
  const std::map<EmitStage, CodeStage> stages = {{EmitStage::kernels, CodeStage::kernels},
                                                 {EmitStage::llvm, CodeStage::llvm},
                                                 {EmitStage::assembly, CodeStage::assembly}};
  std::string text;
  for (const TargetProgram &program : targets_) {
    std::string part;
    const char *comment = options_.emit == EmitStage::llvm       ? ";"
                          : options_.emit == EmitStage::assembly ? "#"
                                                                 : "//";
    if (options_.emit == EmitStage::program) {
      part = printProgram(*program.module);
    } else if (program.target->codeExtension().empty()) {
      return error(StatusCode::unsupported,
                   "--emit: target {} has no code, so only import, optimized and program",
                   program.target->name());
    } else {
      CRIA_ASSIGN_OR_RETURN(TargetCode code, codeOf(program, stages.at(options_.emit)));
      part = std::move(code.bytes);
    }
    text +=
        targets_.size() > 1 ? fmt::format("{} target: {}\n{}", comment, program.target->name(), part) : part;
  }
  return text;
}

Status Compilation::emit(const std::string &text) {
  if (options_.output.empty()) {
    return cli::writeData(text) ? Status() : error(StatusCode::io, "cannot write to standard output");
  }
  CRIA_ASSIGN_OR_RETURN(OutputFile file, OutputFile::create(options_.output));
  CRIA_RETURN_IF_ERROR(file.append(std::as_bytes(std::span(text))));
  return file.finish();
}

Status Compilation::report() const {
  if (!options_.json) {
    return {};
  }
  uint64_t bytes = 0;
  std::error_code failed;
  for (const auto &entry : std::filesystem::recursive_directory_iterator(options_.output, failed)) {
    bytes += entry.is_regular_file(failed) ? entry.file_size(failed) : 0;
  }
  nlohmann::ordered_json targets = nlohmann::ordered_json::array();
  for (const TargetProgram &program : targets_) {
    targets.push_back(program.target->name());
  }
  nlohmann::ordered_json row = {{"path", options_.output}, {"bytes", bytes}, {"targets", targets}};
  return cli::writeJson(row) ? Status() : error(StatusCode::io, "cannot write to standard output");
}

Status Compilation::writePackageFiles() {
  PackageContent content{.model = checkpoint_.config,
                         .chat = checkpoint_.chat,
                         .tokenizer = tokenizer_,
                         .tokenizerFile = tokenizerFile_,
                         .weightsType = std::string(nameOf(weightType_)),
                         .kvType = std::string(nameOf(options_.kvType)),
                         .randomSeed = options_.randomSeed,
                         .graph = graph_};
  for (TargetProgram &program : targets_) {
    const Target &target = *program.target;
    CRIA_ASSIGN_OR_RETURN(TargetCode code, codeOf(program, CodeStage::object));
    recordUses(*program.module, code.uses);
    FailureOr<Program> lowered = lowerProgram(*program.module);
    CRIA_RETURN_IF_ERROR(diagnosed(succeeded(lowered), "program"));
    content.targets.push_back({.name = target.name(),
                               .format = target.format(),
                               .features = target.features(),
                               .abiVersion = target.abiVersion(),
                               .program = *program.module,
                               .programJson = printJson(programToJson(*lowered)),
                               .code = std::move(code.bytes),
                               .codeExtension = target.codeExtension()});
  }
  content.tensors = [&](std::string_view name) -> std::optional<TensorSource> {
    auto found = checkpoint_.tensors.find(name);
    return found == checkpoint_.tensors.end()
               ? std::nullopt
               : std::optional(TensorSource{found->second.file, found->second.entry});
  };
  CRIA_RETURN_IF_ERROR(begin("writing"));
  PackageWriteOptions writing{.numThreads = options_.numThreads, .cancelled = &cancelled_};
  writing.progress = [&](std::string_view, uint64_t done, uint64_t total) { progress_.update(done, total); };
  return writePackage(options_.output, content, writing);
}

Status Compilation::run() {
  bool isPackage = options_.emit == EmitStage::package;
  CRIA_RETURN_IF_ERROR(makeTargets());
  if (isPackage) {
    CRIA_RETURN_IF_ERROR(checkPackageOutput(options_.output));
  }
  CRIA_RETURN_IF_ERROR(openModel());
  CRIA_RETURN_IF_ERROR(importGraph());
  if (options_.emit == EmitStage::import) {
    return emit(printModule(*module_));
  }
  CRIA_RETURN_IF_ERROR(optimize());
  graph_ = printModule(*module_);
  if (options_.emit == EmitStage::optimized) {
    return emit(graph_);
  }
  CRIA_RETURN_IF_ERROR(specialize());
  CRIA_RETURN_IF_ERROR(convert());
  if (isPackage) {
    CRIA_RETURN_IF_ERROR(writePackageFiles());
    return report();
  }
  CRIA_ASSIGN_OR_RETURN(std::string text, stageText());
  return emit(text);
}

} // namespace cria
