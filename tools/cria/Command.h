// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the subcommands share: how one is added to the command line, and the exit codes.
#pragma once

#include "support/Status.h"

#include <CLI/CLI.hpp>
#include <functional>

namespace cria::cli {

constexpr int kExitSuccess = 0;
constexpr int kExitError = 2;         // bad input, or something failed
constexpr int kExitInterrupted = 130; // Ctrl-C: 128 + SIGINT
constexpr int kExitTerminated = 143;  // 128 + SIGTERM
constexpr int kExitPipeClosed = 141;  // 128 + SIGPIPE

/// What main() runs after it has parsed the command line. Returns the exit code, or the status to print as an
/// error.
using Action = std::function<StatusOr<int>()>;

/// Each function adds its subcommand to `app`; parsing the subcommand sets `action`.
void addBenchCommand(CLI::App &app, Action &action);
void addCacheCommand(CLI::App &app, Action &action);
void addCalibrateCommand(CLI::App &app, Action &action);
void addChatCommand(CLI::App &app, Action &action);
void addCompileCommand(CLI::App &app, Action &action);
void addInspectCommand(CLI::App &app, Action &action);
void addLogitsCommand(CLI::App &app, Action &action);
void addPerplexityCommand(CLI::App &app, Action &action);
void addPluginsCommand(CLI::App &app, Action &action);
void addRunCommand(CLI::App &app, Action &action);
void addTokenizeCommand(CLI::App &app, Action &action);

} // namespace cria::cli
