// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Calibration: what a model multiplies the columns of its matrices with while it reads tokens.
#pragma once

#include "format/Importance.h"
#include "frontends/CalibratedModel.h"
#include "runtime/exec/Model.h"

namespace cria::cli {

/// Observes a model, which outlives it, while it exists. Not thread-safe, as the model.
class Calibration {
public:
  explicit Calibration(Model &model);
  ~Calibration();
  Calibration(const Calibration &) = delete;
  Calibration &operator=(const Calibration &) = delete;

  /// Evaluates a text of its own. Errors: those of Session::prefill() and Model::observeLinears().
  Status add(std::span<const int32_t> tokens, const CancelFlag *cancel);
  /// Tokens that were evaluated.
  uint64_t numTokens() const { return numTokens_; }
  /// Returns the means of the squares of each column, by the name of the matrix.
  VectorsByName means() const;

private:
  struct Sums {
    uint64_t rows = 0;
    std::vector<double> squares; // by column
  };
  Status addInput(const LinearInput &input);

  Model &model_;
  uint64_t numTokens_ = 0;
  std::map<std::string, Sums, std::less<>> sums_; // by the name of the weight in the program
};

/// Describes the model of a package. Errors: those of Package::weightFile() and findArray().
StatusOr<CalibratedModel> describeModel(const Model &model);

} // namespace cria::cli
