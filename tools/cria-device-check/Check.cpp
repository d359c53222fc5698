// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// check: checks the results of kernels and models on a GPU and measures their speed. Runs from a folder that
// was built on another machine (`./dev dist --check`) and needs only the driver. Exit codes: 0 all checks
// pass; 1 a check failed; 2 error.
#include "tools/cria-device-check/Checks.h"
#include "tools/cria-device-check/MachineReport.h"
#include "tools/cria-device-check/Summary.h"

#include "runtime/plugin/BackendPlugin.h"
#include "support/Json.h"
#include "support/OutputFile.h"
#include "tools/cria-plugin-test/DispatchHarness.h"

#include <CLI/CLI.hpp>
#include <span>

namespace cria::check {
namespace {

namespace fs = std::filesystem;

constexpr int kFailed = 1, kCannotRun = 2;

struct Section {
  const char *name;
  void (*run)(const CheckOptions &, Report &);
};
constexpr Section kSections[] = {{"kernels", checkKernels},
                                 {"models", checkModels},
                                 {"memory", checkMemory},
                                 {"ceilings", measureCeilings},
                                 {"speed", measureSpeed}};

struct Arguments {
  CheckOptions options;
  std::vector<std::string> only;
  std::string json;
  std::string results, predictions; // of `check summarize`
  std::string file;                 // of `check is-json`
};

void addOptions(CLI::App &app, Arguments &arguments) {
  CheckOptions &options = arguments.options;
  std::vector<std::string> names;
  for (const Section &section : kSections) {
    names.emplace_back(section.name);
  }
  app.add_option("--only", arguments.only, "Sections to run: kernels, models, memory, ceilings, speed")
      ->delimiter(',')
      ->check(CLI::IsMember(names));
  app.add_option("--device", options.device, "Device number of the backend")->capture_default_str();
  app.add_option("--backend", options.backend, "Backend to check")->capture_default_str();
  app.add_option("--filter", options.filters,
                 "Check only kernels and models whose names contain one of these")
      ->delimiter(',');
  app.add_option("--exclude", options.excluded,
                 "Leave out kernels and models whose names contain one of these")
      ->delimiter(',');
  app.add_option("--data", options.data, "Folder with kernels/, models/, golden/, ceilings/ and speed/")
      ->capture_default_str();
  app.add_option("--plugin-dir", options.pluginFolders, "Additional folder with plugins; repeatable");
  app.add_option("--prompt", options.prompts, "Prompt lengths to measure, in tokens")->capture_default_str();
  app.add_option("--depth", options.depths, "Context lengths at which decoding is measured, in tokens")
      ->capture_default_str();
  app.add_option("--batch", options.batches,
                 "Numbers of sequences that decode together, measured at the first context length")
      ->capture_default_str();
  app.add_option("--generate", options.generate, "Number of tokens to generate at each depth")
      ->capture_default_str();
  app.add_flag("--small-ceilings", options.smallCeilings,
               "Measure ceilings with little work, to rehearse without a GPU; the simulator always does");
  app.add_option("--json", arguments.json, "File for the report as JSON (default: stdout, after the table)");
}

CLI::App *addSummarize(CLI::App &app, Arguments &arguments) {
  CLI::App *command =
      app.add_subcommand("summarize", "Make card.json and card.txt of the results of card/run.sh");
  command->add_option("results", arguments.results, "Folder with the results")->required();
  command->add_option("--predictions", arguments.predictions, "File with predictions to compare with")
      ->required();
  command->footer("Example:\n  check summarize results --predictions card/predictions.json");
  return command;
}

CLI::App *addIsJson(CLI::App &app, Arguments &arguments) {
  CLI::App *command = app.add_subcommand("is-json", "Check that a file is valid JSON");
  command->add_option("file", arguments.file, "File to check")->required();
  command->footer("Example:\n  check is-json results/decode.json.part");
  return command;
}

StatusOr<BackendDevice> findDevice(const CheckOptions &options) {
  CRIA_ASSIGN_OR_RETURN(const BackendPlugin plugin, BackendPlugin::load(*options.registry, options.backend));
  return plugin.device(options.device);
}

void printLine(const std::string &line) {
  if (!line.empty()) {
    fmt::print("{}\n", line);
  }
}

void runSections(const Arguments &arguments, Report &report, MachineReport &machine) {
  for (const Section &section : kSections) {
    if (arguments.only.empty() ||
        std::find(arguments.only.begin(), arguments.only.end(), section.name) != arguments.only.end()) {
      section.run(arguments.options, report);
      printLine(machine.addReading(section.name));
    }
  }
}

Status writeReport(const std::string &path, const nlohmann::ordered_json &json) {
  if (path.empty()) {
    fmt::print("{}\n", json.dump(2));
    return {};
  }
  const std::string text = json.dump(2) + "\n";
  CRIA_ASSIGN_OR_RETURN(OutputFile file, OutputFile::create(path));
  CRIA_RETURN_IF_ERROR(file.append(std::as_bytes(std::span(text))));
  return file.finish();
}

/// Writes the rows so far to a regular file, so that they are not lost if this process is killed.
Status keepReport(const std::string &path, const nlohmann::ordered_json &json) {
  const bool isFile = !path.empty() && (!fs::exists(path) || fs::is_regular_file(path));
  return isFile ? writeReport(path, json) : Status();
}

StatusOr<int> run(Arguments &arguments) {
  CheckOptions &options = arguments.options;
  CRIA_ASSIGN_OR_RETURN(const std::unique_ptr<PluginRegistry> registry,
                        PluginRegistry::create(PluginSearch::standard(options.pluginFolders)));
  options.registry = registry.get();
  conformance::Backend::setFolders(registry->folders());
  CRIA_ASSIGN_OR_RETURN(const BackendDevice device, findDevice(options));
  // "NVIDIA A100-SXM4-80GB (sm_80, 108 SMs, driver 12.4)"
  const std::string description = fmt::format("{} ({})", device.name, device.description);
  fmt::print("{} · cria {}\n", description, CRIA_VERSION);
  // A driver takes up to half a second to make a context for a device. As long as this one is open, others
  // share it.
  const conformance::Device open(conformance::Backend::named(options.backend), {.device = options.device});
  MachineReport machine(options.backend, options.device, device.name);
  printLine(machine.line());
  Report report;
  report.onAdd([&] { return keepReport(arguments.json, report.json(description, machine.json())); });
  runSections(arguments, report, machine);
  fmt::print("{}\n", report.summary());
  CRIA_RETURN_IF_ERROR(writeReport(arguments.json, report.json(description, machine.json())));
  return report.hasFailed() ? kFailed : 0;
}

StatusOr<int> runSummarize(const Arguments &arguments) {
  CRIA_RETURN_IF_ERROR(summarize(arguments.results, arguments.predictions));
  return 0;
}

StatusOr<int> runIsJson(const Arguments &arguments) {
  CRIA_RETURN_IF_ERROR(readJsonFile(arguments.file).status());
  return 0;
}

int main(int argc, char **argv) {
  Arguments arguments;
  arguments.options.program = fs::canonical("/proc/self/exe");
  arguments.options.data = arguments.options.program.parent_path();
  CLI::App app("Check the kernels and models in this folder on a GPU, and measure their speed.");
  addOptions(app, arguments);
  const CLI::App *summarizes = addSummarize(app, arguments), *parses = addIsJson(app, arguments);
  CLI11_PARSE(app, argc, argv);
  StatusOr<int> code = kCannotRun;
  try {
    code = summarizes->parsed() ? runSummarize(arguments)
           : parses->parsed()   ? runIsJson(arguments)
                                : run(arguments);
  } catch (const std::exception &failure) {
    code = error(StatusCode::io, "{}", failure.what());
  }
  if (!code.ok()) {
    fmt::print(stderr, "error: {}\n", code.status().message());
    return kCannotRun;
  }
  return *code;
}

} // namespace
} // namespace cria::check

int main(int argc, char **argv) { return cria::check::main(argc, argv); }
