// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The kernels of a program: the number of dispatches of each and, on a GPU, its launch and its resources.
#pragma once

#include "format/Program.h"

#include <nlohmann/json.hpp>
#include <string>

namespace cria::cli {

std::string kernelsText(const Program &program);
nlohmann::ordered_json kernelsJson(const Program &program);

} // namespace cria::cli
