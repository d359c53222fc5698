// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// SupportedOps: the ops of the opset that a backend supports, as its plugin manifest lists them:
//
//   "opset": 1,
//   "ops": {"embedding": {}, "linear": {"types": {"weight": ["f32"]}},
//           "fused_linear": {"parts": ["residual"]}}
//
// `opset`: the version that the backend supports, with every older one; 1 if absent. `types`: the supported
// element types of an operand, if they are fewer than those of the opset. `parts`: the supported parts of
// fused_linear (norm, activation, residual), if they are not all. `activations`: the supported classes of
// activations of linear and fused_linear, if they are not f32 alone.
//
// Public: included by runtime/cria.h.
#pragma once

#include "support/Status.h"

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <span>
#include <string>

namespace cria {

namespace opset {
struct Op;
}

struct SupportedOps {
  struct Op {
    std::map<std::string, std::set<std::string>> types; // by operand: "f32", "i8"; not empty
    std::set<std::string> parts{"norm", "activation", "residual"};
    std::set<std::string> activations{"f32"}; // classes, of ops that have the attribute
  };
  uint32_t version = 1; // of the opset
  std::map<std::string, Op> ops;
};

/// Reads the member `ops` of a plugin manifest that states `version` of the opset. If that version is newer
/// than opset::kVersion, ops that this build does not know are left out, since no program that it reads uses
/// them. Errors: invalidArgument naming the op, operand, type, part or class that the version does not have,
/// and the operand whose list of types is empty.
StatusOr<SupportedOps> readSupportedOps(const nlohmann::json &json, uint32_t version);

/// The same with the ops of `table`, of version `tableVersion`, in place of opset::kOps.
StatusOr<SupportedOps> readSupportedOps(const nlohmann::json &json, uint32_t version,
                                        std::span<const opset::Op> table, uint32_t tableVersion);

} // namespace cria
