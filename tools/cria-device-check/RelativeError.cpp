// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cria-device-check/RelativeError.h"

#include <cmath>
#include <fmt/format.h>
#include <limits>

namespace cria::conformance {

double relativeError(const Matrix &found, const Matrix &expected) {
  if (expected.values.empty() || found.values.size() != expected.values.size()) {
    return std::numeric_limits<double>::infinity();
  }
  double scale = 0, difference = 0;
  for (size_t i = 0; i < expected.values.size(); ++i) {
    const double distance = std::fabs(found.values[i] - expected.values[i]);
    scale = std::max(scale, std::fabs(expected.values[i]));
    difference =
        std::isnan(distance) ? std::numeric_limits<double>::infinity() : std::max(difference, distance);
  }
  return difference == 0 ? 0 : difference / scale;
}

std::string describeError(const char *entry, double error, double tolerance) {
  return error <= tolerance ? ""
                            : fmt::format("{}: expected a relative error of at most {:.1e}, got {:.1e}",
                                          entry, tolerance, error);
}

bool isRowOf(const Matrix &alone, const Matrix &together, uint64_t row) {
  for (uint64_t j = 0; j < together.columns; ++j) {
    if (!(alone.at(0, j) == together.at(row, j))) {
      return false;
    }
  }
  return true;
}

} // namespace cria::conformance
