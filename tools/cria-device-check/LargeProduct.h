// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One large matrix product of f16 weights, through the kernel that prompts use: the rate that a card's tensor
// cores reach with these instructions when nothing else is in the way.
#pragma once

#include "tools/cria-device-check/OpCases.h"

#include <optional>

namespace cria::check {

class LargeProduct {
public:
  /// From "8192x4096x4096": rows and columns of the weights, tokens. Null for anything else.
  static std::optional<LargeProduct> parse(const std::string &text);
  /// From a name() of another program.
  static std::optional<LargeProduct> named(const std::string &name);

  std::string name() const; // "product-8192x4096x4096"
  std::string module() const;
  conformance::ProgramLimits limits() const;
  conformance::Tensors tensors() const;
  /// All tokens in one step, of which one gives an output.
  conformance::StepInputs step() const;
  uint64_t pages() const;
  double operations() const; // a multiply-add counts two
  uint64_t rows() const { return rows_; }
  uint64_t columns() const { return columns_; }
  uint64_t tokens() const { return tokens_; }

private:
  conformance::LinearShape shape() const { return {"f16", columns_, rows_}; }
  uint64_t rows_ = 0, columns_ = 0, tokens_ = 0;
};

} // namespace cria::check
