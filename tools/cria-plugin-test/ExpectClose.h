// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compares results with expected values, for GoogleTest.
#pragma once

#include "tools/cria-plugin-test/Formulas.h"

#include <gtest/gtest.h>

namespace cria::conformance {

/// Asserts that every element is within tolerance · (largest expected magnitude). Tolerance 0 asserts
/// equality.
inline void expectClose(const View &found, const Matrix &expected, double tolerance,
                        const std::vector<bool> &ignoredRows = {}) {
  double scale = 0;
  for (const double value : expected.values) {
    scale = std::max(scale, std::fabs(value));
  }
  for (uint64_t i = 0; i < expected.rows; ++i) {
    for (uint64_t j = 0; j < expected.columns && (ignoredRows.empty() || !ignoredRows[i]); ++j) {
      // Written so that NaN fails.
      ASSERT_TRUE(std::fabs(found.at(i, j) - expected.at(i, j)) <= tolerance * scale)
          << "row " << i << ", column " << j << ": expected " << expected.at(i, j) << " within "
          << tolerance * scale << ", got " << found.at(i, j);
    }
  }
}

/// Asserts that all elements of the array outside of the view are still NaN.
inline void expectGapsUntouched(const View &view) {
  std::vector<bool> inside(view.array->values.size(), false);
  for (uint64_t i = 0; i < view.rows(); ++i) {
    for (uint64_t j = 0; j < view.columns(); ++j) {
      inside[view.index(i, j)] = true;
    }
  }
  for (size_t element = 0; element < inside.size(); ++element) {
    ASSERT_TRUE(inside[element] || std::isnan(view.array->values[element])) << "element " << element;
  }
}

} // namespace cria::conformance
