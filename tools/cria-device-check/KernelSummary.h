// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The kernels of `cria bench --kernels` in the report of a run on a GPU.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace cria::check {

/// Adds `resident_blocks_per_sm` to each kernel for which the driver has not stated it, if `result` holds the
/// rows of `cria bench`: null if the kernel or `machine`, which may be null, does not state all that decides
/// it.
void addResidentBlocks(const nlohmann::ordered_json &machine, nlohmann::ordered_json &result);

/// Returns a table for each row of `cria bench` in the report whose kernels were timed.
std::string kernelTables(const nlohmann::ordered_json &summary);

} // namespace cria::check
