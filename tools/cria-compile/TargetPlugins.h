// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// --target-plugin: targets from shared libraries.
#pragma once

#include "passes/targets/TargetPlugin.h"
#include "support/Status.h"

#include <string>
#include <vector>

namespace cria {

class TargetPlugins {
public:
  /// Opens the libraries; they stay open until the process ends. Errors, each with the file and what to do:
  /// notFound, unsupported (another build, no plugin, a library that it needs is missing), invalidArgument (a
  /// name that is taken or cannot be one).
  static StatusOr<TargetPlugins> load(const std::vector<std::string> &paths);

  std::vector<std::string> names() const;
  /// Null when no plugin has that name. Errors: unsupported, when the target contradicts its plugin.
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
