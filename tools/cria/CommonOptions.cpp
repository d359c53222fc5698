// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "CommonOptions.h"

namespace cria::cli {

void addPluginFolderOption(CLI::App &command, std::vector<std::string> &folders) {
  command.add_option("--plugin-dir", folders, "Folder with plugins, searched first (repeatable)")
      ->type_name("DIR")
      ->allow_extra_args(false)
      ->take_all();
}

void addOutputOptions(CLI::App &command, OutputOptions &options, const std::string &json) {
  command.add_flag("--quiet,-q", options.quiet, "No talk on stderr but errors");
  command.add_flag("--json", options.json, json);
}

void addCommonOptions(CLI::App &command, CommonOptions &options, const std::string &json) {
  command.add_option("model", options.model, "Compiled package, or a checkpoint to compile first")
      ->required()
      ->type_name("OUT.cria");
  command.add_option("--backend", options.backend, "Backend plugin; default: the one that fits best")
      ->type_name("NAME");
  command.add_option("--target", options.target, "Target of the package; default: the one that fits best")
      ->type_name("NAME");
  command.add_option("--device", options.device, "Device number of the backend")
      ->type_name("N")
      ->check(CLI::Range(0u, UINT32_MAX));
  command.add_option("--threads", options.threads, "Threads; default: the backend's choice")
      ->type_name("N")
      ->check(CLI::Range(1u, 1024u));
  command.add_option("--context", options.context, "Positions per sequence; default: all the package has")
      ->type_name("N")
      ->check(CLI::Range(1u, 1u << 24));
  command.add_option("--kv-memory", options.kvMemoryBytes, "Memory for the KV cache, e.g. 512M or 2G")
      ->type_name("SIZE")
      ->transform(CLI::AsSizeValue(false));
  addPluginFolderOption(command, options.pluginFolders);
  command.add_flag("--verify", options.verify, "Check the digests of the weights too");
  addOutputOptions(command, options, json);
}

} // namespace cria::cli
