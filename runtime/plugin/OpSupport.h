// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// OpSupport: the ops of the opset that a backend supports, as its plugin manifest lists them:
//
//   "opset": 1,
//   "ops": {"embedding": {}, "linear": {"types": {"weight": ["f32"]}},
//           "fused_linear": {"parts": ["residual"]}}
//
// `opset`: the version that the backend supports, with every older one; 1 if absent. `types`: the supported
// element types of an operand, if they are fewer than those of the opset. `parts`: the supported parts of
// fused_linear (norm, activation, residual), if they are not all.
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

struct OpSupport {
  struct Op {
    std::map<std::string, std::set<std::string>> types; // by operand: "f32", "f16", "bf16"
    std::set<std::string> parts{"norm", "activation", "residual"};
  };
  uint32_t version = 1; // of the opset
  std::map<std::string, Op> ops;
};

/// Reads the member `ops` of a plugin manifest that states `version` of the opset. Ops that the opset of this program
/// does not have are left out when the version is newer than this program's; they cannot be asked for. Errors:
/// invalidArgument naming op, operand, type or part that the opset does not have in that version.
StatusOr<OpSupport> readOpSupport(const nlohmann::json &json, uint32_t version);

/// The same with another table than that of this program, whose version is `tableVersion`.
StatusOr<OpSupport> readOpSupport(const nlohmann::json &json, uint32_t version,
                                  std::span<const opset::Op> table, uint32_t tableVersion);

} // namespace cria
