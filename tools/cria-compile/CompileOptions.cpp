// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Parses and checks the command line with CLI11, whose exceptions stay in this file.
#include "tools/cria-compile/CompileOptions.h"

#include "tools/cria-compile/Presets.h"

#include <CLI/CLI.hpp>
#include <fmt/ranges.h>
#include <thread>

namespace cria {

namespace {
const std::map<std::string, EmitStage> kStages = {
    {"import", EmitStage::import},   {"optimized", EmitStage::optimized}, {"program", EmitStage::program},
    {"kernels", EmitStage::kernels}, {"llvm", EmitStage::llvm},           {"asm", EmitStage::assembly}};

struct Texts {
  std::string weights, kv = "f16", emit;
};

const char *kDescription = "Compiles a LLaMA 2 model ahead of time into a package that `cria` runs.\n"
                           "Example: cria compile Llama-2-7b-hf -o llama-2-7b.cria --target cpu";

void addOptions(CLI::App &app, CompileOptions &options, Texts &texts, const std::string &targets) {
  app.add_option("MODEL", options.model, "Checkpoint: a folder in Hugging Face format")->type_name("");
  app.add_option("-o,--output", options.output, "The package to write (with --emit: a file; default stdout)");
  app.add_option("--target", options.targets,
                 fmt::format("Targets, by comma: {} (default: cpu, every x86-64 level; SM: sm_80)", targets))
      ->delimiter(',')
      ->allow_extra_args(false)
      ->take_all();
  app.add_option("--target-plugin", options.targetPlugins,
                 "A library with a target of your own, for --target NAME (repeatable)")
      ->allow_extra_args(false)
      ->take_all();
  app.add_option(
      "--for", options.forBackend,
      "With --target ops: a backend (name or sidecar); takes apart ops that its sidecar does not list");
  app.add_option("--plugin-dir", options.pluginFolders, "Folder with plugins, for --for (repeatable)")
      ->allow_extra_args(false)
      ->take_all();
  app.add_option("--weights", texts.weights, "Weight type: f32, f16 or bf16 (default: the checkpoint's own)");
  app.add_option("--kv", texts.kv, "KV cache type: f16 or f32")->capture_default_str();
  app.add_option("--context", options.context, "Positions of a sequence (default: what the model states)")
      ->check(CLI::Range(int64_t(1), ModelConfig::kMaxContext));
  app.add_option("--max-tokens", options.maxTokens, "Most tokens in one step; longer prompts run in chunks")
      ->check(CLI::Range(1, 65536))
      ->capture_default_str();
  app.add_option("--max-sequences", options.maxSequences, "Most sequences in one step")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  app.add_option("--emit", texts.emit,
                 "Print a stage instead: import, optimized, program, kernels, llvm or asm");
  app.add_option(
      "--preset", options.preset,
      fmt::format("Compile a known shape without a checkpoint: {}", fmt::join(presetNames(), ", ")));
  app.add_option("--random-weights", options.randomSeed,
                 "Weights that follow from this seed (with --preset)");
  app.add_option("--disable-pass", options.disabledPasses, "Leave out a fusion pass; repeatable")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->take_all();
  app.add_option("--threads", options.numThreads, "Threads that write weights")->check(CLI::Range(1, 256));
  app.add_flag("--no-tokenizer", options.withoutTokenizer, "Accept a checkpoint without tokenizer.model");
  app.add_flag("--quiet,-q", options.quiet, "No progress and no notes");
  app.add_flag("--json", options.json, "Print {path, bytes, targets} of the package");
  app.add_flag("--verbose", options.verbose, "Say what each fusion did, and how long each step took");
}

Status readTypes(const Texts &texts, CompileOptions &options) {
  auto isLater = [](const std::string &type) { return type == "q8" || type == "q4"; };
  std::optional<ElementType> weights = parseElementType(texts.weights), kv = parseElementType(texts.kv);
  if (isLater(texts.weights)) {
    return error(StatusCode::unsupported,
                 "--weights {}: quantized weights come with a later version; choose f32, f16 "
                 "or bf16",
                 texts.weights);
  }
  if (isLater(texts.kv)) {
    return error(StatusCode::unsupported,
                 "--kv {}: a quantized KV cache comes with a later version; choose f16 or f32", texts.kv);
  }
  if (!texts.weights.empty() && !(weights && isWeightType(*weights))) {
    return invalidArgument("--weights: expected f32, f16 or bf16, got '{}'", texts.weights);
  }
  if (kv != ElementType::f16 && kv != ElementType::f32) {
    return invalidArgument("--kv: expected f16 or f32, got '{}'", texts.kv);
  }
  options.weightType = weights;
  options.kvType = *kv;
  return {};
}

Status readStage(const Texts &texts, CompileOptions &options) {
  if (texts.emit.empty()) {
    return options.output.empty()
               ? invalidArgument("-o is missing: expected the name of the package to write")
               : Status();
  }
  auto stage = kStages.find(texts.emit);
  if (stage == kStages.end()) {
    return invalidArgument("--emit: expected import, optimized, program, kernels, llvm or asm, got '{}'",
                           texts.emit);
  }
  options.emit = stage->second;
  return options.json ? invalidArgument("--json describes a package, and --emit writes none") : Status();
}

Status checkModel(const CompileOptions &options) {
  if (options.preset.empty()) {
    if (options.randomSeed) {
      return invalidArgument("--random-weights needs --preset: the weights of a checkpoint are its own");
    }
    return options.model.empty()
               ? invalidArgument("expected a checkpoint, or --preset NAME --random-weights SEED")
               : Status();
  }
  if (!options.model.empty()) {
    return invalidArgument("expected a checkpoint or --preset, got both");
  }
  if (!options.randomSeed) {
    return invalidArgument("--preset {} needs --random-weights SEED", options.preset);
  }
  if (!findPreset(options.preset)) {
    return invalidArgument("--preset: expected one of {}, got '{}'", fmt::join(presetNames(), ", "),
                           options.preset);
  }
  return {};
}

Status finish(const Texts &texts, CompileOptions &options) {
  if (options.targets.empty() && options.targetPlugins.empty()) {
    options.targets = {"cpu"};
  }
  if (!options.forBackend.empty() && !options.targetPlugins.empty()) {
    return invalidArgument("--for is about target ops alone: leave --target-plugin out");
  }
  if (!options.forBackend.empty() && options.targets != std::vector<std::string>{"ops"}) {
    return invalidArgument("--for needs --target ops: only backends that run ops list them");
  }
  CRIA_RETURN_IF_ERROR(checkModel(options));
  CRIA_RETURN_IF_ERROR(readTypes(texts, options));
  return readStage(texts, options);
}
} // namespace

CommandLine parseCommandLine(int argc, char **argv, const std::string &targets, const std::string &version) {
  CLI::App app(kDescription, "cria compile");
  CompileOptions options;
  options.numThreads = int(std::clamp(std::thread::hardware_concurrency(), 1u, 16u));
  Texts texts;
  addOptions(app, options, texts, targets);
  app.set_version_flag("--version", version);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp &) {
    return {.text = app.help()};
  } catch (const CLI::CallForVersion &) {
    return {.text = version + "\n"};
  } catch (const CLI::ParseError &problem) {
    return {.text = fmt::format("error: {}\nSee cria compile --help\n", problem.what()), .exitCode = 2};
  }
  Status status = finish(texts, options);
  if (!status.ok()) {
    return {.text = fmt::format("error: {}\n", status.message()), .exitCode = 2};
  }
  return {.options = std::move(options)};
}

} // namespace cria
