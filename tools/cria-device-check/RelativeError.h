// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The comparison of results of a device with expected ones.
#pragma once

#include "tools/cria-plugin-test/Formulas.h"

namespace cria::conformance {

/// Returns the largest difference, relative to the largest magnitude; infinity if a value is missing or NaN.
double relativeError(const Matrix &found, const Matrix &expected);

/// Returns "" if the error is within the tolerance, otherwise what was expected of `entry`.
std::string describeError(const char *entry, double error, double tolerance);

/// Returns whether row `row` of `together` has the same bits as `alone`, which has one row.
bool isRowOf(const Matrix &alone, const Matrix &together, uint64_t row);

} // namespace cria::conformance
