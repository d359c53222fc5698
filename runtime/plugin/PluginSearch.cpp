// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/plugin/PluginRegistry.h"

#include <cstdlib>

namespace cria {

PluginSearch PluginSearch::standard(std::vector<std::filesystem::path> folders) {
  const char *environment = std::getenv("CRIA_PLUGIN_PATH");
  std::error_code failure; // without /proc, the folders of the installation are not searched
  return {.folders = std::move(folders),
          .environment = environment == nullptr ? "" : environment,
          .executable = std::filesystem::read_symlink("/proc/self/exe", failure)};
}

} // namespace cria
