// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The `ops` target: no code. Every llama op, primitive or fused, becomes one dispatch of an op of the opset
// (plugins/sdk/cria_opset.hpp) with row-major weights; backends of format "cria.ops.v1" run it.
#pragma once

#include "passes/targets/Target.h"
#include "plugins/sdk/cria_opset.hpp"

#include <map>
#include <set>

namespace cria {

/// What a backend takes of the opset. The default is everything.
struct OpsCapabilities {
  std::string backend; ///< its name, for messages; empty: all ops and types
  uint32_t version = opset::kVersion;
  std::set<std::string> ops;
  /// Element types of an operand ("linear/weight": {"f32"}); no entry: what the opset has.
  std::map<std::string, std::set<std::string>> types;
  /// Parts that its fused ops may have; the others are taken apart.
  llama::FusedPart parts = llama::FusedPart::all;
};

std::unique_ptr<Target> createOpsTarget(OpsCapabilities capabilities = {});

} // namespace cria
