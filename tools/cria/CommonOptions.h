// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Options of every subcommand that opens a model.
#pragma once

#include "Command.h"

#include <cstdint>
#include <string>
#include <vector>

namespace cria::cli {

struct CommonOptions {
  std::string model; // package folder or checkpoint
  std::string backend;
  std::string target;
  uint32_t device = 0;
  uint32_t threads = 0;
  uint32_t context = 0;
  uint64_t kvMemoryBytes = 0;
  std::vector<std::string> pluginFolders;
  bool verify = false;
  bool quiet = false;
  bool json = false;
};

/// Adds the positional MODEL and the common options.
void addCommonOptions(CLI::App &command, CommonOptions &options);
/// --plugin-dir alone, for commands that open no model.
void addPluginFolderOption(CLI::App &command, std::vector<std::string> &folders);

} // namespace cria::cli
