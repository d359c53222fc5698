// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compares the results of an op with the formulas, within the tolerances of the opset.
#include "plugins/sdk/cria_opset.hpp"
#include "tools/cria-plugin-test/RandomOps.h"
#include "tools/cria-plugin-test/Suite.h"

#include <algorithm>
#include <cmath>

namespace cria::conformance {
namespace {

/// Terms of the sums that make a result: elements of a head for attention, else columns of the input.
uint64_t sumLengthOf(const OpCall &call) {
  const View *cache = call.find("cache");
  return cache != nullptr ? cache->shape[4] : call["input"].columns();
}

/// Returns the tolerance relative to the largest magnitude of the result.
double toleranceOf(const OpCall &call) {
  constexpr double kOneRounding = 6e-8;
  switch (opset::find(call.op)->tolerance) {
  case opset::Tolerance::exact:
    return 0;
  case opset::Tolerance::oneRounding:
    return kOneRounding;
  case opset::Tolerance::elementwise:
    return opset::kElementwiseTolerance;
  case opset::Tolerance::sum:
    return opset::kSumTolerance * std::max(1.0, std::sqrt(static_cast<double>(sumLengthOf(call)) / 256));
  }
  return 0;
}

bool isPadding(const OpCall &call, uint64_t row) {
  const View *sequences = call.find("sequences");
  return sequences != nullptr && sequences->integer(row) < 0;
}

double largest(const std::vector<double> &values) {
  double result = 0;
  for (const double value : values) {
    result = std::max(result, std::fabs(value));
  }
  return result;
}

void checkOutput(const OpCall &call) {
  const View &found = call["output"];
  const Matrix expected = expectedOutput(call);
  const double allowed = toleranceOf(call) * largest(expected.values);
  for (uint64_t i = 0; i < expected.rows; ++i) {
    for (uint64_t j = 0; j < expected.columns; ++j) {
      if (isPadding(call, i)) {
        require(std::isfinite(found.at(i, j)),
                "output of padding row {}, column {}: expected a finite number, got {}", i, j,
                found.at(i, j));
        continue;
      }
      // Written so that NaN fails.
      require(std::fabs(found.at(i, j) - expected.at(i, j)) <= allowed,
              "output [{}, {}] of {} x {}: expected {} within {}, got {}", i, j, expected.rows,
              expected.columns, expected.at(i, j), allowed, found.at(i, j));
    }
  }
}

void checkGaps(const View &view) {
  std::vector<bool> inside(view.array->values.size(), false);
  for (uint64_t i = 0; i < view.rows(); ++i) {
    for (uint64_t j = 0; j < view.columns(); ++j) {
      inside[view.index(i, j)] = true;
    }
  }
  for (size_t element = 0; element < inside.size(); ++element) {
    require(inside[element] || std::isnan(view.array->values[element]),
            "element {} of the buffer was written, but is not in the output's window", element);
  }
}

/// Allows one unit in the last place, because the op rounds an f32 result and the formula a double, plus the
/// rounding errors of a rotation's f32 terms (magnitudes up to 5), which remain when the terms cancel.
double cacheTolerance(uint32_t type, double expected) {
  constexpr double kTermRoundings = 1e-6;
  return std::ldexp(std::fabs(expected), -floatFormat(type).mantissaBits) + kTermRoundings;
}

void checkCache(const OpCall &call, const std::vector<double> &before) {
  const std::vector<double> &found = call["cache"].array->values;
  const std::vector<double> expected = expectedCache(call, before);
  const uint32_t type = call["cache"].array->type;
  for (size_t i = 0; i < found.size(); ++i) {
    if (std::isnan(expected[i])) {
      require(std::isnan(found[i]), "element {} of the cache was written, but belongs to no row of the step",
              i);
    } else {
      require(std::fabs(found[i] - expected[i]) <= cacheTolerance(type, expected[i]),
              "element {} of the cache: expected {}, got {}", i, expected[i], found[i]);
    }
  }
}

bool isFill(const OpCall &call) { return call.op == "fill_ones" || call.op == "fill_random"; }

/// Compares for equality: the values are exact in every type.
void checkWeight(const OpCall &call, const std::vector<double> &before) {
  const std::vector<double> &found = call["weight"].array->values;
  const std::vector<double> expected = expectedWeight(call, before);
  for (size_t i = 0; i < found.size(); ++i) {
    require(found[i] == expected[i] || (std::isnan(found[i]) && std::isnan(expected[i])),
            "element {} of the weight's buffer: expected {}, got {}", i, expected[i], found[i]);
  }
}

} // namespace

std::vector<double> updatedBy(const OpCall &call) {
  const bool appends = call.op == "kv_append" || call.op == "rope_attention";
  return appends        ? call["cache"].array->values
         : isFill(call) ? call["weight"].array->values
                        : std::vector<double>();
}

void checkResult(const OpCall &call, const std::vector<double> &before) {
  if (isFill(call)) {
    checkWeight(call, before);
  } else if (!before.empty()) {
    checkCache(call, before);
  }
  if (call.find("output") != nullptr) {
    checkOutput(call);
    checkGaps(call["output"]);
  }
}

} // namespace cria::conformance
