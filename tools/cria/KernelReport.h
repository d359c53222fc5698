// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The kernels of a row of `cria bench --kernels`, as a table and as JSON.
#pragma once

#include "BenchReport.h"

#include <nlohmann/json.hpp>

namespace cria::cli {

/// Empty if the kernels of the row were not timed.
std::string kernelTable(const Program &program, const BenchRow &row);
/// Adds `kernels` and `step_microseconds` to `json`, if the kernels of the row were timed.
void addKernels(const Program &program, const BenchRow &row, nlohmann::ordered_json &json);

} // namespace cria::cli
