// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The `ops` target: no code. Every llama op, primitive or fused, becomes one dispatch of an op of the opset
// (plugins/sdk/cria_opset.hpp) with row-major weights; backends of format "cria.ops.v1" run it.
#pragma once

#include "passes/targets/Target.h"
#include "plugins/sdk/cria_opset.hpp"

#include <map>
#include <set>

namespace cria {

/// The part of the opset that a backend supports. The default is all of it.
struct OpsCapabilities {
  std::string backend; ///< its name, for messages; empty if all ops and types are supported
  uint32_t version = opset::kVersion;
  std::set<std::string> ops;
  /// Element types of an operand ("linear/weight": {"f32"}); an operand that is not listed has all types of
  /// the opset.
  std::map<std::string, std::set<std::string>> types;
  /// Classes of activations of an op ("linear": {"f32", "int8"}); an op that is not listed has f32 alone.
  std::map<std::string, std::set<std::string>> activations;
  /// The parts that its fused ops may have; others are decomposed.
  llama::FusedPart parts = llama::FusedPart::all;
};

std::unique_ptr<Target> createOpsTarget(OpsCapabilities capabilities = {});

} // namespace cria
