// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Opens the model that the common options name, with progress on the terminal.
#pragma once

#include "CommonOptions.h"
#include "runtime/serve/LoadedModel.h"

#include <chrono>
#include <memory>

namespace cria::cli {

/// A model and when it was opened.
struct OpenedModel {
  using TimePoint = std::chrono::steady_clock::time_point;

  std::unique_ptr<LoadedModel> loaded;
  TimePoint openStart, openEnd;

  double openSeconds() const { return std::chrono::duration<double>(openEnd - openStart).count(); }

  LoadedModel &operator*() const { return *loaded; }
  LoadedModel *operator->() const { return loaded.get(); }
};

/// Opens a package; compiles a checkpoint into the cache first.
StatusOr<std::shared_ptr<const Package>> openPackage(const CommonOptions &options);

StatusOr<OpenedModel> openModel(const CommonOptions &options);

} // namespace cria::cli
