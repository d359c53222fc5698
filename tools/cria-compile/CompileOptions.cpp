// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Parses and checks the command line with CLI11. Its exceptions stay in this file.
#include "tools/cria-compile/CompileOptions.h"

#include "format/KvType.h"
#include "frontends/Presets.h"
#include "frontends/WeightRules.h"
#include "tools/terminal/CommandLine.h"

#include <CLI/CLI.hpp>
#include <fmt/ranges.h>
#include <thread>

namespace cria {

namespace {
const std::map<std::string, CompileStage> kStages = {
    {"import", CompileStage::import},   {"optimized", CompileStage::optimized},
    {"program", CompileStage::program}, {"kernels", CompileStage::kernels},
    {"llvm", CompileStage::llvm},       {"asm", CompileStage::assembly}};

/// Of a step. Programs may state more (kLimitRules), but the memory of a step grows with both.
constexpr uint64_t kMostTokens = 65536, kMostSequences = 4096;

struct Texts {
  std::string kv = "f16", emit, activations;
};

const char *kDescription = "Compile a LLaMA 2 model ahead of time into a package that `cria` runs.";

void addModelOptions(CLI::App &app, CompileJob &job) {
  app.add_option("MODEL", job.checkpoint, "Checkpoint: a folder in Hugging Face format")->type_name("");
  app.add_option("-o,--output", job.output,
                 "Package to write; with --emit, text file to write (default: standard output)");
  app.add_option(
      "--preset", job.preset,
      fmt::format("Compile a known model shape without a checkpoint: {}", fmt::join(presetNames(), ", ")));
  app.add_option("--random-weights", job.randomSeed,
                 "Generate random weights from this seed (with --preset); with --weights of codes, each "
                 "format is another model")
      ->transform(cli::wholeNumber(0, UINT64_MAX));
  app.add_flag_callback(
      "--no-tokenizer", [&job] { job.requireTokenizer = false; },
      "Accept a checkpoint without tokenizer.model");
}

void addTargetOptions(CLI::App &app, CompileOptions &options, const std::string &targets) {
  app.add_option(
         "--target", options.job.targets,
         fmt::format("Targets, separated by commas: {} (default: cpu, which compiles for all x86-64 levels; "
                     "without :SM: sm_80)",
                     targets))
      ->delimiter(',')
      ->allow_extra_args(false)
      ->take_all();
  app.add_option("--target-plugin", options.job.targetPlugins,
                 "Shared library with a target, for --target NAME (repeatable)")
      ->allow_extra_args(false)
      ->take_all();
  app.add_option(
      "--for", options.backend,
      "With --target ops: decompose the ops that a backend (name or plugin manifest) does not list "
      "into ops that it lists");
  app.add_option("--plugin-dir", options.pluginFolders,
                 "Folder to search for the backend of --for (repeatable)")
      ->allow_extra_args(false)
      ->take_all();
}

void addShapeOptions(CLI::App &app, CompileJob &job, Texts &texts) {
  app.add_option("--weights", job.weights,
                 fmt::format("Format of weights: {} (default: that of the checkpoint)", weightRuleNames()))
      ->check(cli::notEmpty("the name of a format"));
  app.add_option(
         "--weights-rules", job.weightRules,
         "File with formats of some weights, a line each: ROLES [LAYERS] FORMAT, as in 'v,down 0-3 q6_k'")
      ->check(cli::notEmpty("the name of a file"));
  app.add_option("--activations", texts.activations,
                 "Input of matrix products: f32, int8 (for weights with codes, such as q8_0 and q4), f16 (on "
                 "cuda) or bf16 (for weights in bf16) (default: that of the target)");
  app.add_option("--importance", job.importance,
                 "File by 'cria calibrate': errors count less in columns that matter less, in formats that "
                 "search for codes")
      ->check(cli::notEmpty("the name of a file"));
  app.add_option("--kv", texts.kv, "KV cache type: f16, f32 or q8 (8 bits, on cpu and ops)")
      ->capture_default_str();
  app.add_option("--context", job.context, "Context length in tokens (default: from the model configuration)")
      ->transform(cli::wholeNumber(1, ModelConfig::kMaxContext));
  app.add_option("--max-tokens", job.maxTokens,
                 "Maximum tokens per step; longer prompts run in several steps")
      ->transform(cli::wholeNumber(1, kMostTokens))
      ->capture_default_str();
  app.add_option("--max-sequences", job.maxSequences, "Maximum sequences per step")
      ->transform(cli::wholeNumber(1, kMostSequences))
      ->capture_default_str();
}

void addRunOptions(CLI::App &app, CompileOptions &options, Texts &texts) {
  app.add_option(
      "--emit", texts.emit,
      "Print a stage instead of writing a package: import, optimized, program, kernels, llvm or asm");
  app.add_option("--disable-pass", options.job.disabledPasses, "Skip a fusion pass (repeatable)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->take_all();
  app.add_option("--threads", options.job.numThreads,
                 "Threads that write weights (default: one per CPU, at most 16)")
      ->transform(cli::wholeNumber(1, 256));
  app.add_flag("--quiet,-q", options.quiet, "Suppress all messages except errors");
  app.add_flag("--json", options.json, "Print {path, bytes, targets} of the package as JSON");
  app.add_flag("--verbose", options.verbose, "Report what each fusion did, and the time of each stage");
}

Status readTypes(const Texts &texts, CompileOptions &options) {
  const std::optional<ElementType> kv = parseKvType(texts.kv);
  if (!kv) {
    return invalidArgument("--kv: expected {}, got '{}'", kKvTypeNames, texts.kv);
  }
  options.job.kvType = *kv;
  return {};
}

Status readActivations(const Texts &texts, CompileOptions &options) {
  if (texts.activations.empty()) {
    return {};
  }
  options.job.activations = parseActivationClass(texts.activations);
  return options.job.activations ? Status()
                                 : invalidArgument("--activations: expected one of {}, got '{}'",
                                                   fmt::join(kActivationClasses, ", "), texts.activations);
}

Status readStage(const Texts &texts, CompileOptions &options) {
  if (texts.emit.empty()) {
    return options.job.output.empty() ? invalidArgument("expected -o with the path of the package to write")
                                      : Status();
  }
  auto stage = kStages.find(texts.emit);
  if (stage == kStages.end()) {
    return invalidArgument("--emit: expected import, optimized, program, kernels, llvm or asm, got '{}'",
                           texts.emit);
  }
  options.job.stage = stage->second;
  return options.json
             ? invalidArgument("--json describes a package, but --emit writes none; omit one of them")
             : Status();
}

Status checkModel(const CompileJob &job) {
  if (job.preset.empty()) {
    if (job.randomSeed) {
      return invalidArgument("--random-weights requires --preset, because a checkpoint has weights");
    }
    return job.checkpoint.empty()
               ? invalidArgument("expected a checkpoint, or --preset NAME --random-weights SEED")
               : Status();
  }
  if (!job.checkpoint.empty()) {
    return invalidArgument("expected a checkpoint or --preset, got both");
  }
  if (!job.randomSeed) {
    return invalidArgument("--preset {} requires --random-weights SEED", job.preset);
  }
  if (!findPreset(job.preset)) {
    return invalidArgument("--preset: expected one of {}, got '{}'", fmt::join(presetNames(), ", "),
                           job.preset);
  }
  return {};
}

Status finish(const Texts &texts, CompileOptions &options) {
  if (options.job.targets.empty() && options.job.targetPlugins.empty()) {
    options.job.targets = {"cpu"};
  }
  if (!options.backend.empty() && !options.job.targetPlugins.empty()) {
    return invalidArgument("--for applies to target ops only; omit --target-plugin");
  }
  if (!options.backend.empty() && options.job.targets != std::vector<std::string>{"ops"}) {
    return invalidArgument("--for requires --target ops");
  }
  CRIA_RETURN_IF_ERROR(checkModel(options.job));
  CRIA_RETURN_IF_ERROR(readTypes(texts, options));
  CRIA_RETURN_IF_ERROR(readActivations(texts, options));
  return readStage(texts, options);
}
} // namespace

CommandLine parseCommandLine(int argc, const char *const *argv, const std::string &targets,
                             const std::string &version) {
  CLI::App app(kDescription, "cria compile");
  CompileOptions options;
  options.job.numThreads = int(std::clamp(std::thread::hardware_concurrency(), 1u, 16u));
  Texts texts;
  addModelOptions(app, options.job);
  addTargetOptions(app, options, targets);
  addShapeOptions(app, options.job, texts);
  addRunOptions(app, options, texts);
  app.set_version_flag("--version", version);
  app.footer("Example:\n  cria compile examples/stories/model -o stories.cria --target cpu");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp &) {
    return {.text = app.help()};
  } catch (const CLI::CallForVersion &) {
    return {.text = version + "\n"};
  } catch (const CLI::ParseError &problem) {
    return {.text = fmt::format("error: {}\nSee 'cria compile --help'.\n", cli::describeParseError(problem)),
            .exitCode = 2};
  }
  Status status = finish(texts, options);
  if (!status.ok()) {
    return {.text = fmt::format("error: {}\n", status.message()), .exitCode = 2};
  }
  return {.options = std::move(options)};
}

} // namespace cria
