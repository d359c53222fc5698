// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Names what a folder holds instead of weights that a frontend reads, and the way to weights that it does.
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

} // namespace cria
