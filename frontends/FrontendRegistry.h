// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The built-in frontends.
#pragma once

#include "frontends/Frontend.h"

namespace cria {

/// The frontend that accepts `path`; null if none does.
const Frontend *findFrontend(const std::string &path);

/// Opens a checkpoint with the frontend that accepts it.
/// Errors: notFound when nothing is at `path`; unsupported or invalidArgument when no frontend accepts it;
/// those of Frontend::open().
StatusOr<Checkpoint> openCheckpoint(const std::string &path, const OpenOptions &options = {});

} // namespace cria
