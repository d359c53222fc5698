// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A weight of a call: dense values, or codes of 8 bits with a scale for each group of columns.
#pragma once

#include "OpTable.h"

namespace cria::reference {

class Weight {
public:
  /// checkWeight() has accepted the call.
  Weight(const OpCall &call, const std::string &name);

  uint64_t rows() const { return values_.shape[0]; }
  /// Returns the value of column k of row n.
  float load(uint64_t n, uint64_t k) const;
  /// Sets a value to code · scale. All values of a group have the same scale.
  void store(uint64_t n, uint64_t k, int8_t code, float scale) const;

private:
  Tensor values_; // or codes
  std::optional<Tensor> scales_;
  uint64_t group_ = 1;
};

/// Checks the weight `name` of a call, whose rows stand for `columns` values. Returns what is wrong, or "".
/// Throws Refusal for a format, or a class of activations, that is not implemented.
std::string checkWeight(const OpCall &call, const std::string &name, uint64_t columns);

} // namespace cria::reference
