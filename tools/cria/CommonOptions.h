// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Options that subcommands share.
#pragma once

#include "Command.h"
#include "tools/terminal/CommandLine.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cria::cli {

/// Options of every subcommand.
struct OutputOptions {
  bool quiet = false;
  bool json = false;
};

/// Options of every subcommand that opens a model.
struct CommonOptions : OutputOptions {
  std::string model; // package folder or checkpoint
  std::string backend;
  std::string target;
  uint32_t device = 0;
  uint32_t threads = 0;
  uint32_t context = 0;
  uint64_t kvMemoryBytes = 0;
  std::vector<std::string> pluginFolders;
  bool allowNativeCode = true;
  bool ignoreMemory = false;
  bool verify = false;
  bool verbose = false;
};

/// Converts "512M", "1.5G", "2GiB" or "4096" (binary multiples) to a number of bytes from 1 to 2^60.
std::optional<uint64_t> parseMemorySize(std::string_view text);

/// Adds --quiet and --json; `json` describes the output of the latter.
void addOutputOptions(CLI::App &command, OutputOptions &options, const std::string &json);
/// Adds the positional MODEL and the common options.
void addCommonOptions(CLI::App &command, CommonOptions &options, const std::string &json);
/// Adds --plugin-dir alone, for commands that open no model.
void addPluginFolderOption(CLI::App &command, std::vector<std::string> &folders);

} // namespace cria::cli
