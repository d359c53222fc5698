// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria compile: passes its arguments to cria-compile, the only program that contains the compiler.
#include "Command.h"
#include "CompilerProcess.h"

namespace cria::cli {

void addCompileCommand(CLI::App &app, Action &action) {
  CLI::App *command = app.add_subcommand("compile", "Compile a checkpoint into a package");
  command->prefix_command();
  command->set_help_flag(); // cria-compile describes its own options
  command->callback(
      [command, &action] { action = [arguments = command->remaining()] { return runCompiler(arguments); }; });
}

} // namespace cria::cli
