// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Finds the programs that a device runs.
#include "tools/cria-device-check/Checks.h"

#include "runtime/plugin/BackendPlugin.h"

#include <algorithm>
#include <set>

namespace cria::check {

namespace fs = std::filesystem;

bool isSelected(const CheckOptions &options, std::string_view name) {
  const auto containsOneOf = [&](const std::vector<std::string> &parts) {
    return std::any_of(parts.begin(), parts.end(),
                       [&](const std::string &part) { return name.find(part) != std::string_view::npos; });
  };
  return (options.filters.empty() || containsOneOf(options.filters)) && !containsOneOf(options.excluded);
}

uint32_t scoreOn(const CheckOptions &options, std::string_view format, std::string_view features,
                 uint32_t abiVersion) {
  StatusOr<BackendPlugin> plugin = BackendPlugin::load(*options.registry, options.backend);
  if (!plugin.ok()) {
    return 0;
  }
  const StatusOr<BackendProbe> probe = plugin->probe(options.device, format, features, abiVersion);
  return probe.ok() ? probe->score : 0;
}

bool runsOn(const CheckOptions &options, std::string_view format, std::string_view features,
            uint32_t abiVersion) {
  return scoreOn(options, format, features, abiVersion) > 0;
}

static std::set<fs::path> programsIn(const fs::path &folder) {
  std::set<fs::path> files;
  for (const fs::directory_entry &entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".program") {
      files.insert(entry.path());
    }
  }
  return files;
}

void forEachProgram(const CheckOptions &options, const fs::path &folder,
                    const std::function<void(const std::string &, const std::string &,
                                             const conformance::CompiledProgram &)> &use) {
  for (const fs::path &file : programsIn(folder)) {
    const fs::path name = file.stem();
    const conformance::CompiledProgram program = conformance::readProgram(file.string());
    if (runsOn(options, program.format, program.features, program.abiVersion)) {
      use(name.stem().string(), name.extension().string().substr(1), program);
    }
  }
}

} // namespace cria::check
