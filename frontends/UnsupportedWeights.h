// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Names what a folder, or a file, holds instead of weights that a frontend reads, and the way to weights that
// it does.
#pragma once

#include "support/Status.h"

#include <optional>
#include <string>

namespace cria {

/// The base model of the adapter in `folder`, empty if it is not stated; nullopt if there is no adapter.
std::optional<std::string> findAdapter(const std::string &folder);

/// An error that names the adapter, or the first file in alphabetical order that holds weights in a format
/// without a frontend or was not downloaded completely, and says how to get a checkpoint; ok if the folder
/// has none.
Status refuseOtherWeights(const std::string &folder);

/// An error for a file that is given in place of a folder, if it holds weights or belongs to a checkpoint:
/// how to get a checkpoint, or the folder to give; ok for others.
Status refuseFile(const std::string &path);

/// One of these errors for what stands at a path that is neither a package nor a checkpoint; ok if nothing is
/// known about it.
Status refuseOtherModel(const std::string &path);

} // namespace cria
