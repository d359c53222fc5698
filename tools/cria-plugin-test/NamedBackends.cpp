// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Backends by name. In a file of its own, so that a program which does not use this contains no path of the
// build folder.
#include "tools/cria-plugin-test/DispatchHarness.h"

#include <stdexcept>

namespace cria::conformance {

static std::vector<std::filesystem::path> &pluginFolders() {
  static std::vector<std::filesystem::path> kFolders = {CRIA_BINARY_DIR "/plugins",
                                                        CRIA_BINARY_DIR "/dev-plugins"};
  return kFolders;
}

void Backend::setFolders(std::vector<std::filesystem::path> folders) { pluginFolders() = std::move(folders); }

const Backend &Backend::named(const std::string &name) {
  const std::string file = "cria_backend_" + name + ".so";
  for (const std::filesystem::path &folder : pluginFolders()) {
    if (std::filesystem::exists(folder / file)) {
      return at(folder / file);
    }
  }
  throw std::runtime_error(file + " is in none of " + std::to_string(pluginFolders().size()) +
                           " plugin folders");
}

} // namespace cria::conformance
