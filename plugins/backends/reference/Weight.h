// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A weight of a call: dense values, or codes with what is applied to them, as the page of the opset describes
// them.
#pragma once

#include "OpTable.h"
#include "format/ActivationProduct.h"
#include "format/RandomWeights.h"

namespace cria::reference {

class Weight {
public:
  /// checkWeight() has accepted the call.
  Weight(const OpCall &call, const std::string &name);

  uint64_t rows() const { return values_.shape[0]; }
  /// Returns the value of column k of row n.
  float load(uint64_t n, uint64_t k) const;
  /// Returns the first `columns` values of row n.
  std::vector<float> loadRow(uint64_t n, uint64_t columns) const;
  /// Returns the format of the values or codes.
  const WeightFormatTraits &format() const;
  /// Returns the first `columns` codes of row n, with what is applied to them. REQUIRES: the weight has
  /// codes.
  CodedRow loadCodes(uint64_t n, uint64_t columns) const;
  /// Sets a value. REQUIRES: the weight is dense.
  void store(uint64_t n, uint64_t k, float value) const { values_.store(n, k, value); }
  /// Sets the bits of a code, which are 0, or what is applied to the codes of all groups of a row of
  /// `columns` columns. REQUIRES: the weight has codes.
  void storeCode(uint64_t n, uint64_t k, uint32_t code) const;
  void storeTerms(uint64_t n, uint64_t columns, const RandomTerms &terms) const;

private:
  float meaningOf(uint64_t n, uint64_t k) const;
  float zeroOf(uint64_t n, uint64_t group) const { return zeros_ ? zeros_->load(n, group) : 0.0f; }
  float scaleOf(uint64_t n, uint64_t group) const;
  float minimumOf(uint64_t n, uint64_t group) const;

  Tensor values_;                              // or codes
  const WeightFormatTraits *format_ = nullptr; // of codes
  std::optional<Tensor> scales_, subScales_, minimums_, subMinimums_, zeros_;
};

/// Checks the weight `name` of a call, whose rows stand for `columns` values. Returns what is wrong, or "".
/// Throws Refusal for a format that is not implemented.
std::string checkWeight(const OpCall &call, const std::string &name, uint64_t columns);

} // namespace cria::reference
