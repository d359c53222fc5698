// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "frontends/UnsupportedWeights.h"

#include <filesystem>
#include <set>

namespace cria {

std::string findUnsupportedWeights(const std::string &folder) {
  std::set<std::string> found;
  std::error_code failed;
  for (std::filesystem::directory_iterator i(folder, failed), end; !failed && i != end; i.increment(failed)) {
    const std::string extension = i->path().extension().string();
    if (extension == ".bin" || extension == ".pth" || extension == ".pt" || extension == ".gguf") {
      found.insert(i->path().filename().string());
    }
  }
  return found.empty() ? "" : *found.begin();
}

} // namespace cria
