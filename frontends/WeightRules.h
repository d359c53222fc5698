// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// WeightRules: which format each matrix of a model is compiled to.
#pragma once

#include "format/WeightFormat.h"
#include "frontends/LlamaTensors.h"
#include "support/Status.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cria {

/// Rules in their order; the first that a matrix matches decides.
class WeightRules {
public:
  /// Every matrix in `format`.
  static WeightRules uniform(WeightFormat format);
  /// The rules of a name of --weights: a format, a short name for one (q8, q4) or a mix (q4_k_m, q5_k_m). A
  /// format of less than 5 bits a weight leaves embedding and output matrix to q8_0. Case does not matter.
  /// Errors: invalidArgument with the names there are.
  static StatusOr<WeightRules> named(std::string_view name, const ModelConfig &config);

  /// Puts the lines of a file before these rules: "ROLES [LAYERS] FORMAT", as in "v,down 0-3,20-23 q6_k" or
  /// "* q4_k"; # begins a comment. Errors: invalidArgument with `where` and line: not such a line, no
  /// matrix of the model matches it, or lines before it match the same; with `where`: no line.
  Status prepend(std::string_view text, const std::string &where, const ModelConfig &config);

  /// Whether a rule names a format with codes.
  bool hasCodes() const;
  /// REQUIRES: a matrix of the model.
  WeightFormat formatOf(LlamaTensor tensor) const;

private:
  struct Rule {
    std::vector<TensorRole> roles;
    std::optional<std::vector<bool>> layers; // by layer; nullopt: also roles that exist once
    WeightFormat format = WeightFormat::f32;

    bool matches(LlamaTensor tensor) const;
  };
  class Line;
  std::vector<Rule> rules_;
};

/// "f32, f16, …, q4, q4_k_m": the names of --weights, for messages.
std::string weightRuleNames();

} // namespace cria
