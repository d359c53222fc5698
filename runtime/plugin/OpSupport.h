// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// OpSupport: the ops of the opset that a backend supports, as its plugin manifest lists them:
//
//   "ops": {"embedding": {}, "linear": {"types": {"weight": ["f32"]}},
//           "fused_linear": {"parts": ["residual"]}}
//
// `types`: the supported element types of an operand, if they are fewer than those of the opset. `parts`:
// the supported parts of fused_linear (norm, activation, residual), if they are not all.
// Public: included by runtime/cria.h.
#pragma once

#include "support/Status.h"

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>

namespace cria {

struct OpSupport {
  struct Op {
    std::map<std::string, std::set<std::string>> types; // by operand: "f32", "f16", "bf16"
    std::set<std::string> parts{"norm", "activation", "residual"};
  };
  std::map<std::string, Op> ops;
};

/// Parses the member `ops`. Errors: invalidArgument naming the op, operand, type or part that the opset
/// does not have.
StatusOr<OpSupport> readOpSupport(const nlohmann::json &json);

} // namespace cria
