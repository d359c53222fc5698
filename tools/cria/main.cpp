// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria: the command line of compiled models. One file per subcommand; this one reads the command line and
// reports errors. stdout is data, stderr is talk.
#include "Command.h"
#include "CompilerProcess.h"

#include <cstdio>
#include <fmt/format.h>

namespace {

using namespace cria;
using namespace cria::cli;

std::string versionText() {
  const StatusOr<std::string> compiler = compilerVersion();
  return fmt::format("cria {}\ncompiler: {}\nplugin ABI: {}.{}", CRIA_VERSION,
                     compiler.ok() ? *compiler : "not installed", CRIA_ABI_MAJOR, CRIA_ABI_MINOR);
}

int report(const Status &status) {
  fmt::print(stderr, "error: {}\n", status.message());
  return kExitError;
}

// Help and version are answers; everything else CLI11 throws is a mistake on the command line.
int reportParse(const CLI::App &app, const CLI::ParseError &problem) {
  if (problem.get_exit_code() == 0) {
    return app.exit(problem);
  }
  fmt::print(stderr,
             "error: {}\nexample: cria run stories.cria -p 'Once upon a time'\nSee cria --help, and cria "
             "COMMAND --help.\n",
             problem.what());
  return kExitError;
}

void addCommands(CLI::App &app, Action &action) {
  addRunCommand(app, action);
  addChatCommand(app, action);
  addCompileCommand(app, action);
  addInspectCommand(app, action);
  addBenchCommand(app, action);
  addLogitsCommand(app, action);
  addPerplexityCommand(app, action);
  addTokenizeCommand(app, action);
  addPluginsCommand(app, action);
  addCacheCommand(app, action);
}

} // namespace

int main(int argc, char **argv) {
  CLI::App app("Cria compiles LLaMA 2 models ahead of time and runs them.", "cria");
  app.set_version_flag("--version", versionText);
  app.require_subcommand(1);
  app.footer("Example:\n  cria compile examples/stories/model -o stories.cria\n  cria run stories.cria -p "
             "'Once upon a time'");
  Action action;
  addCommands(app, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &problem) {
    return reportParse(app, problem);
  }
  const StatusOr<int> result = action();
  if (result.ok() && std::ferror(stdout) != 0) {
    return report(
        error(StatusCode::io, "cannot write to standard output: is the disk full or the pipe closed?"));
  }
  return result.ok() ? *result : report(result.status());
}
