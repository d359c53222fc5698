// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria plugins: lists the plugins that are found, with the reason for each that is refused, or describes one.
#include "Command.h"
#include "CommonOptions.h"
#include "ExplainPlugin.h"
#include "runtime/plugin/PluginRegistry.h"
#include "tools/terminal/JsonOutput.h"
#include "tools/terminal/Terminal.h"

#include <memory>

namespace cria::cli {
namespace {

struct PluginsOptions : OutputOptions {
  std::vector<std::string> folders;
  std::string explained;
};

void printJson(const std::vector<PluginCandidate> &candidates) {
  auto rows = nlohmann::ordered_json::array();
  for (const PluginCandidate &candidate : candidates) {
    rows.push_back({{"kind", candidate.kind},
                    {"name", candidate.name},
                    {"version", candidate.version},
                    {"abi", candidate.abi},
                    {"needs", candidate.needs},
                    {"description", candidate.description},
                    {"loaded", candidate.loaded},
                    {"reason", candidate.reason},
                    {"path", candidate.library.string()},
                    {"manifest", candidate.manifest.string()}});
  }
  writeJson(rows, 2);
}

void printTable(const std::vector<PluginCandidate> &candidates) {
  constexpr const char *kRow = "{:<8} {:<12} {:<8} {:<8} {:<13} {:<8} {}\n";
  std::string text =
      fmt::format(fmt::runtime(kRow), "KIND", "NAME", "VERSION", "ABI", "NEEDS", "STATE", "PATH");
  for (const PluginCandidate &candidate : candidates) {
    text +=
        fmt::format(fmt::runtime(kRow), candidate.kind, candidate.name, candidate.version, candidate.abi,
                    candidate.needs, candidate.loaded ? "loaded" : "refused", candidate.manifest.string());
    if (!candidate.loaded) {
      text += fmt::format("         {}\n", candidate.reason);
    }
  }
  writeData(text);
}

StatusOr<int> runPlugins(const PluginsOptions &options) {
  CRIA_ASSIGN_OR_RETURN(
      const std::unique_ptr<PluginRegistry> registry,
      PluginRegistry::create(PluginSearch::standard({options.folders.begin(), options.folders.end()})));
  if (!options.explained.empty()) {
    CRIA_ASSIGN_OR_RETURN(const nlohmann::ordered_json explanations,
                          explainPlugins(*registry, options.explained));
    options.json ? writeJson(explanations, 2) : writeData(textOfExplanations(explanations));
    return kExitSuccess;
  }
  const std::vector<PluginCandidate> candidates = registry->list();
  if (options.json) {
    printJson(candidates);
    return kExitSuccess;
  }
  if (candidates.empty()) {
    return registry->noneFound("plugins");
  }
  printTable(candidates);
  return kExitSuccess;
}

} // namespace

void addPluginsCommand(CLI::App &app, Action &action) {
  auto options = std::make_shared<PluginsOptions>();
  CLI::App *command = app.add_subcommand("plugins", "List backends, samplers and chat templates");
  addPluginFolderOption(*command, options->folders);
  command
      ->add_option("--explain", options->explained,
                   "Describe a plugin: options of a sampler or chat template, devices of a backend")
      ->type_name("NAME");
  addOutputOptions(*command, *options, "Print a JSON array of objects");
  command->footer("Example:\n  cria plugins --explain top_k");
  command->callback([options, &action] { action = [options] { return runPlugins(*options); }; });
}

} // namespace cria::cli
