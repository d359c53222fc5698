// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Calibration.h"

#include "format/JoinedWeights.h"
#include "runtime/exec/Session.h"

#include <cmath>
#include <cstring>

namespace cria::cli {

Calibration::Calibration(Model &model) : model_(model) {
  model.observeLinears([this](const LinearInput &input) { return addInput(input); });
}

Calibration::~Calibration() { model_.observeLinears(nullptr); }

Status Calibration::add(std::span<const int32_t> tokens, const CancelFlag *cancel) {
  Session session(model_);
  const auto checkLogits = [&](uint32_t position, std::span<const float> logits) {
    return std::isfinite(logits.front())
               ? Status()
               : session.explain(
                     error(StatusCode::internal, "the logits after position {} are not numbers", position),
                     logits);
  };
  // With all logits, because the output matrix has an input for each of them.
  CRIA_RETURN_IF_ERROR(session.prefill(tokens, checkLogits, /*all=*/true, cancel));
  numTokens_ += tokens.size();
  return {};
}

Status Calibration::addInput(const LinearInput &input) {
  Sums &sums = sums_[std::string(input.weight)];
  sums.squares.resize(input.columns);
  for (size_t i = 0; i < input.values.size(); i += input.columns) {
    for (size_t column = 0; column < input.columns; ++column) {
      const double value = input.values[i + column];
      sums.squares[column] += value * value;
    }
    ++sums.rows;
  }
  return {};
}

VectorsByName Calibration::means() const {
  VectorsByName means;
  for (const auto &[name, sums] : sums_) {
    std::vector<float> ofWeight;
    for (const double square : sums.squares) {
      ofWeight.push_back(static_cast<float>(square / static_cast<double>(sums.rows)));
    }
    for (const std::string &matrix : matricesIn(name)) {
      means[matrix] = ofWeight;
    }
  }
  return means;
}

/// The norm weights of a program that have a file: random ones have none.
static StatusOr<VectorsByName> readNorms(const Model &model) {
  VectorsByName norms;
  for (const ProgramWeight &weight : model.program().weights) {
    if (weight.shape.size() != 1 || weight.file.empty()) {
      continue;
    }
    CRIA_ASSIGN_OR_RETURN(const auto file, model.package().weightFile(weight.file));
    CRIA_ASSIGN_OR_RETURN(const std::span<const std::byte> bytes,
                          findArray(*file, weight.arrays.front(), weight.name));
    std::vector<float> &values = norms[weight.name];
    values.resize(bytes.size() / sizeof(float)); // norm weights are f32
    std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
  }
  return norms;
}

StatusOr<CalibratedModel> describeModel(const Model &model) {
  CRIA_ASSIGN_OR_RETURN(const VectorsByName norms, readNorms(model));
  return calibratedModel(model.manifest().model, norms);
}

} // namespace cria::cli
