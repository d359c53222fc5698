// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria inspect: describes a package or a checkpoint. Runs none of its code.
#include "Command.h"
#include "CommonOptions.h"
#include "CompileCache.h"
#include "InspectReport.h"
#include "format/WeightArrays.h"
#include "frontends/FrontendRegistry.h"
#include "frontends/UnsupportedWeights.h"
#include "support/Json.h"
#include "tools/terminal/JsonOutput.h"
#include "tools/terminal/Terminal.h"

#include <set>

namespace cria::cli {
namespace {

struct InspectOptions : OutputOptions {
  std::string path;
  InspectDetail detail;
  bool verify = false;
};

/// Reads what packageText() and packageJson() do not: the tokenizer, and the headers of the weights.
Status checkContents(const Package &package) {
  CRIA_RETURN_IF_ERROR(package.tokenizer().status());
  for (const PackageTarget &target : package.manifest().targets) {
    CRIA_ASSIGN_OR_RETURN(const Program program, package.program(target));
    for (const ProgramWeight &weight : program.weights) {
      if (weight.file.empty()) {
        continue;
      }
      CRIA_ASSIGN_OR_RETURN(const auto file, package.weightFile(weight.file));
      for (const ProgramWeightArray &array : weight.arrays) {
        CRIA_RETURN_IF_ERROR(
            findArray(*file, array, fmt::format("weight '{}'", printable(weight.name))).status());
      }
    }
  }
  return {};
}

StatusOr<int> inspectPackage(const InspectOptions &options) {
  CRIA_RETURN_IF_ERROR(isPackage(options.path) ? Status() : refuseOtherModel(options.path));
  CRIA_ASSIGN_OR_RETURN(const std::shared_ptr<const Package> package,
                        Package::open(options.path, {.verifyWeights = options.verify}));
  if (options.verify) {
    CRIA_RETURN_IF_ERROR(checkContents(*package));
  }
  if (options.json) {
    CRIA_ASSIGN_OR_RETURN(const nlohmann::ordered_json json, packageJson(*package));
    writeJson(json, 2);
    return kExitSuccess;
  }
  CRIA_ASSIGN_OR_RETURN(const std::string text, packageText(*package, options.detail));
  writeData(text);
  return kExitSuccess;
}

std::string tensorsText(const Checkpoint &checkpoint, bool all) {
  uint64_t bytes = 0;
  std::string lines;
  std::set<std::string> files;
  for (const auto &[name, tensor] : checkpoint.tensors->tensors()) {
    bytes += tensor.size;
    files.insert(tensor.file);
    lines += fmt::format("  {:<52} {:<5} [{}] {:>10}\n", name, nameOf(*tensor.format),
                         fmt::join(tensor.shape, ", "), formatBytes(tensor.size));
  }
  const std::string summary =
      fmt::format("{} in {}, {}\n", countOf(checkpoint.tensors->tensors().size(), "tensor"),
                  countOf(files.size(), "file"), formatBytes(bytes));
  return all ? summary + lines : summary;
}

StatusOr<int> inspectCheckpoint(const InspectOptions &options) {
  CRIA_ASSIGN_OR_RETURN(const Checkpoint checkpoint,
                        openCheckpoint(options.path, {.requireTokenizer = false}));
  if (options.json) {
    nlohmann::ordered_json json = {{"model", checkpoint.config.toJson()},
                                   {"weights", nameOf(checkpoint.weights)},
                                   {"bits_per_weight", bitsPerWeight(traitsOf(checkpoint.weights))},
                                   {"chat", checkpoint.chat.toJson()},
                                   {"tensors", checkpoint.tensors->tensors().size()},
                                   {"notes", checkpoint.notes}};
    writeJson(json, 2);
    return kExitSuccess;
  }
  writeData(fmt::format("checkpoint {}\n{}  weights {}; tokenizer {}, chat template {}\n{}", checkpoint.path,
                        modelText(checkpoint.config), weightFormatText(checkpoint.weights),
                        checkpoint.tokenizer.model.empty() ? "none" : "yes",
                        chatTemplateText(checkpoint.chat), tensorsText(checkpoint, options.detail.weights)));
  for (const std::string &note : checkpoint.notes) {
    logInfo(options.quiet, "note: {}", note);
  }
  return kExitSuccess;
}

} // namespace

void addInspectCommand(CLI::App &app, Action &action) {
  auto options = std::make_shared<InspectOptions>();
  CLI::App *command = app.add_subcommand("inspect", "Describe a package or checkpoint");
  command->add_option("path", options->path, "Package or checkpoint")->required()->type_name("PATH");
  command->add_flag("--weights", options->detail.weights, "List every weight with its recipe");
  command->add_flag("--dispatches", options->detail.dispatches, "List every dispatch");
  command->add_flag("--verify", options->verify,
                    "Also check the digests of the weights, which reads all of them, and the tokenizer");
  addOutputOptions(*command, *options, "Print everything as a JSON object");
  command->footer("Example:\n  cria inspect stories.cria --weights");
  command->callback([options, &action] {
    action = [options] {
      return isCheckpoint(options->path) ? inspectCheckpoint(*options) : inspectPackage(*options);
    };
  });
}

} // namespace cria::cli
