// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The command line of cria-compile.
#pragma once

#include "passes/driver/CompileJob.h"
#include "support/Status.h"

#include <optional>
#include <string>
#include <vector>

namespace cria {

struct CompileOptions {
  /// Without `opsBackend` and `checkTokenizer`, which makeJob() sets. With a stage before `package`, `output`
  /// is the path of a text file, or empty for stdout.
  CompileJob job;
  /// The backend whose ops target `ops` may use: a name, or the path of a plugin manifest.
  std::string backend;
  /// Folders in which `backend` is searched.
  std::vector<std::string> pluginFolders;
  bool quiet = false, verbose = false, json = false;
};

/// What the command line asks for: options, or text to print and the exit code to end with.
struct CommandLine {
  std::optional<CompileOptions> options;
  std::string text;
  int exitCode = 0;
};

/// `targets` lists the values of --target, for the help text; `version` is printed for --version.
CommandLine parseCommandLine(int argc, const char *const *argv, const std::string &targets,
                             const std::string &version);

/// The job of the options, with the ops of the backend and the check of the tokenizer, which use the runtime.
/// Errors: those of findOpsBackend().
StatusOr<CompileJob> makeJob(const CompileOptions &options);

} // namespace cria
