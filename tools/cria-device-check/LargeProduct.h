// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A large matrix product with f16 weights, computed by the kernel for prompts. Its rate is the peak that the
// device's tensor cores reach with that kernel.
#pragma once

#include "tools/cria-device-check/OpCases.h"

#include <optional>

namespace cria::check {

class LargeProduct {
public:
  /// Parses "8192x4096x4096": rows and columns of the weights, tokens. Returns nullopt for any other text.
  static std::optional<LargeProduct> parse(const std::string &text);
  /// Parses a name() of another executable.
  static std::optional<LargeProduct> named(const std::string &name);

  std::string name() const; // "product-8192x4096x4096"
  std::string module() const;
  conformance::CaseLimits limits() const;
  conformance::Tensors tensors() const;
  /// Returns one step with all tokens and one output.
  conformance::StepInputs step() const;
  uint64_t pages() const;
  double operations() const; // a multiply-add is two operations
  uint64_t rows() const { return rows_; }
  uint64_t columns() const { return columns_; }
  uint64_t tokens() const { return tokens_; }

private:
  conformance::LinearShape shape() const { return {"f16", columns_, rows_, /*isSeeded=*/true}; }
  uint64_t rows_ = 0, columns_ = 0, tokens_ = 0;
};

} // namespace cria::check
