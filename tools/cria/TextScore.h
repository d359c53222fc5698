// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How well a model predicts the tokens of a text, and how far its predictions are from those of another.
#pragma once

#include "tools/terminal/JsonOutput.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace cria::cli {

/// The mean of values, with its standard error.
class Mean {
public:
  void add(double value);
  uint64_t count() const { return count_; }
  double mean() const { return sum_ / static_cast<double>(count_); }
  double error() const;

private:
  uint64_t count_ = 0;
  double sum_ = 0, sumOfSquares_ = 0;
};

/// The scores of the predicted tokens. Likelihoods and divergences are in nats.
class TextScore {
public:
  /// Adds a token and the logits that predict it. Returns false if its likelihood is not a number.
  bool add(int32_t token, std::span<const float> logits);
  /// The same, and compares with the logits of the other model, whose distribution counts as the right one.
  bool add(int32_t token, std::span<const float> logits, std::span<const float> other);

  uint64_t count() const { return nll_.count(); }
  double meanNll() const { return nll_.mean(); }
  /// Returns the members of the JSON output; with those of a comparison if there was another model.
  nlohmann::ordered_json json() const;
  /// Returns lines for the terminal.
  std::string text() const;

private:
  std::vector<double> sortedDivergences() const;
  nlohmann::ordered_json comparison() const;
  std::string comparisonText() const;

  Mean nll_, otherNll_, difference_, divergence_, sameBest_;
  std::vector<double> divergences_;
};

} // namespace cria::cli
