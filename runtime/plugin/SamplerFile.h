// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sampler chains in JSON:
//
//   [{"name": "top_k", "k": 40}, {"name": "temperature", "t": 0.8}, "draw"]
//
// Public: included by runtime/cria.h.
#pragma once

#include "runtime/plugin/SamplerChain.h"

namespace cria {

/// Parses a chain. Names and values are checked by SamplerChain::create(). `where` begins each message.
/// Errors: invalidArgument with line and column, or with the number of the sampler.
StatusOr<std::vector<SamplerSpec>> readSamplerJson(std::string_view json, std::string_view where);

} // namespace cria
