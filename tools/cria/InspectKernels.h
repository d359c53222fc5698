// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The kernels of a program: how often each is used, and on a GPU how it is launched and what it takes.
#pragma once

#include "format/Program.h"

#include <nlohmann/json.hpp>
#include <string>

namespace cria::cli {

std::string kernelsText(const Program &program);
nlohmann::ordered_json kernelsJson(const Program &program);

} // namespace cria::cli
