// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Targets from shared libraries (--target-plugin).
#pragma once

#include "passes/targets/TargetPlugin.h"
#include "support/Status.h"

#include <string>
#include <vector>

namespace cria {

class TargetPlugins {
public:
  /// Loads the libraries, which stay loaded until the process ends.
  /// Errors, each with the file and the remedy: notFound; unsupported (built for another compiler, not a
  /// plugin, or a library that it needs is missing); invalidArgument (the name is invalid or taken).
  static StatusOr<TargetPlugins> load(const std::vector<std::string> &paths);

  std::vector<std::string> names() const;
  /// Returns null if no plugin has this name. Errors: unsupported if the target has another name than its
  /// plugin.
  StatusOr<std::unique_ptr<Target>> create(llvm::StringRef name) const;

private:
  struct Loaded {
    std::string path;
    const TargetPlugin *plugin;
  };
  Status add(const std::string &path);

  std::vector<Loaded> plugins_;
};

} // namespace cria
