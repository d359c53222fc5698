// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The profile of the kernels of a command, as a table and as JSON.
#pragma once

#include "runtime/serve/LoadedModel.h"

#include <string>
#include <vector>

namespace cria::cli {

/// The rate of one row; 0 if it took no time.
double gigabytesPerSecond(const ProfileRow &row);

/// One line for each row, in their order.
std::string profileTable(const std::vector<ProfileRow> &rows);
/// An object that states what ran, with the rows in `kernels`.
std::string profileJson(const LoadedModel &opened, const std::vector<ProfileRow> &rows);

} // namespace cria::cli
