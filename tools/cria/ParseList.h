// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Comma-separated lists of integers, as in --tokens 1,15043,3186.
#pragma once

#include "support/Status.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace cria::cli {

/// Errors: invalidArgument, with `option` and the item, when one is not an integer from `minimum` to
/// 2^31 - 1.
StatusOr<std::vector<int32_t>> parseNumbers(std::string_view option, std::string_view text, int32_t minimum);

} // namespace cria::cli
