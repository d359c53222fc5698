// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sampler chains as JSON:
//
//   [{"name": "top_k", "k": 40}, {"name": "temperature", "t": 0.8}, "draw"]
#pragma once

#include "support/Status.h"

#include <string>
#include <string_view>

namespace cria {

/// The same chain as an expression for SamplerChain::create, which checks names and values. Errors:
/// invalidArgument naming `where` and the line and column, or which sampler has what is no option.
StatusOr<std::string> samplerExpressionOfJson(std::string_view json, std::string_view where);

} // namespace cria
