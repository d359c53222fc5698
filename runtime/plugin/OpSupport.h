// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// OpSupport: which ops of the opset a backend takes, as its sidecar lists them:
//
//   "ops": {"embedding": {}, "linear": {"types": {"weight": ["f32"]}},
//           "fused_linear": {"parts": ["residual"]}}
//
// `types`: element types of an operand, where they are fewer than the opset's. `parts`: of fused_linear
// (norm, activation, residual), where not all.
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

/// Errors: invalidArgument naming op, operand, type or part that the opset does not have.
StatusOr<OpSupport> readOpSupport(const nlohmann::json &json);

} // namespace cria
