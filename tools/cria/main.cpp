// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria: compiles models and runs packages. Each subcommand is a file; this one parses the command line and
// reports errors. Results go to stdout, progress and messages to stderr.
#include "Command.h"

#include "CompilerProcess.h"
#include "Interrupt.h"
#include "plugins/api/cria_plugin.h"

#include "tools/terminal/CommandLine.h"
#include "tools/terminal/MappingFault.h"
#include "tools/terminal/Terminal.h"

#include <csignal>
#include <exception>
#include <fmt/ranges.h>

namespace cria::cli {
namespace {

std::string versionText() {
  const StatusOr<std::string> compiler = compilerVersion();
  return fmt::format("cria {}\ncompiler: {}\nplugin ABI: {}.{}", CRIA_VERSION,
                     compiler.ok() ? *compiler : "not installed", CRIA_ABI_MAJOR, CRIA_ABI_MINOR);
}

/// An interrupt is not an error (docs/decisions/0002).
int report(const Status &status) {
  if (status.code() == StatusCode::cancelled) {
    logInfo(false, "interrupted");
    return exitCodeOfInterrupt();
  }
  logError("{}", status.message());
  return kExitError;
}

/// Output that could not be written is an error, whatever the command returned.
int finish(int exitCode) {
  return finishData()
             ? exitCode
             : report(error(StatusCode::io,
                            "cannot write to standard output: is the disk full, or the stream closed?"));
}

/// The innermost command on the command line.
const CLI::App *chosenCommand(const CLI::App *app) {
  const std::vector<CLI::App *> chosen = app->get_subcommands();
  return chosen.empty() ? app : chosenCommand(chosen.front());
}

/// Names the possible commands. CLI11 reports a misspelled subcommand as a missing one.
std::string describe(const CLI::App &command, const CLI::ParseError &problem) {
  const std::vector<std::string> rest = command.remaining(/*recurse=*/true);
  std::vector<std::string> names;
  for (const CLI::App *known : command.get_subcommands({})) {
    if (!known->get_name().empty()) { // an option group has none
      names.push_back(known->get_name());
    }
  }
  if (problem.get_name() != "RequiredError" || rest.empty() || names.empty()) {
    return describeParseError(problem);
  }
  return fmt::format("expected one of the commands {}, got '{}'", fmt::join(names, ", "), rest.front());
}

/// CLI11 throws for help and version, which are not errors, and for errors on the command line.
int reportParse(const CLI::App &app, const CLI::ParseError &problem) {
  if (problem.get_exit_code() == 0) {
    return app.exit(problem);
  }
  const CLI::App *command = chosenCommand(&app);
  const std::string text = describe(*command, problem);
  while (command->get_footer().empty()) {
    command = command->get_parent();
  }
  logError("{}\n{}\nSee '{} --help'.", text, command->get_footer(),
           command->get_parent() == nullptr ? "cria" : "cria " + command->get_name());
  return kExitError;
}

/// `cria compile` has no options of its own: cria-compile parses them.
void addVersionFlag(CLI::App &app) {
  app.set_version_flag("--version", versionText);
  for (CLI::App *command : app.get_subcommands({})) {
    const bool isOptionGroup = command->get_name().empty();
    if (!isOptionGroup && command->get_name() != "compile") {
      addVersionFlag(*command);
    }
  }
}

void addCommands(CLI::App &app, Action &action) {
  addRunCommand(app, action);
  addChatCommand(app, action);
  addCompileCommand(app, action);
  addInspectCommand(app, action);
  addBenchCommand(app, action);
  addLogitsCommand(app, action);
  addPerplexityCommand(app, action);
  addCalibrateCommand(app, action);
  addTokenizeCommand(app, action);
  addPluginsCommand(app, action);
  addCacheCommand(app, action);
}

} // namespace
} // namespace cria::cli

int main(int argc, char **argv) {
  using namespace cria;
  using namespace cria::cli;
  openStandardStreams();
  endWithClosedPipe();
  reportMappingFaults();
  std::signal(SIGXFSZ, SIG_IGN); // a file that reaches its size limit is an error of write()
  CLI::App app("Cria compiles LLaMA 2 models ahead of time and runs them.", "cria");
  app.require_subcommand(1);
  app.footer("Example:\n  cria compile examples/stories/model -o stories.cria\n  cria run stories.cria -p "
             "'Once upon a time'");
  Action action;
  addCommands(app, action);
  addVersionFlag(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &problem) {
    return finish(reportParse(app, problem));
  }
  try {
    const StatusOr<int> result = action();
    return finish(result.ok() ? *result : report(result.status()));
  } catch (const std::exception &problem) { // for example, when no memory is left
    return report(error(StatusCode::internal, "{}", problem.what()));
  }
}
