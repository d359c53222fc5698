// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cria-device-check/RealCheck.h"

#include "tools/cria-device-check/RelativeError.h"

#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <stdexcept>

namespace cria::conformance {
namespace {

Matrix sampleOf(const Matrix &result, const std::vector<uint64_t> &columns) {
  Matrix sample{result.rows, columns.size(), {}};
  for (uint64_t row = 0; row < result.rows; ++row) {
    for (const uint64_t column : columns) {
      sample.values.push_back(result.at(row, column));
    }
  }
  return sample;
}

double sampledError(const RealCase &testCase, const StepInputs &step, const Matrix &found) {
  const bool isFinite = std::all_of(found.values.begin(), found.values.end(),
                                    [](double value) { return std::isfinite(value); });
  return isFinite ? relativeError(sampleOf(found, testCase.columns), testCase.expected(step))
                  : std::numeric_limits<double>::infinity();
}

/// Runs the rows of the step one by one and compares all columns.
std::string compareDecode(ProgramRunner &runner, const StepInputs &step, const Matrix &together) {
  const std::vector<StepInputs> rows = rowByRow(step);
  for (size_t row = 0; row < rows.size(); ++row) {
    if (!isRowOf(runner.step("decode", rows[row]), together, row)) {
      return fmt::format("decode: expected the same bits as in row {} of small", row);
    }
  }
  return {};
}

void checkSteps(const RealCase &testCase, ProgramRunner &runner, DeviceFindings &findings) {
  Matrix found;
  for (const StepInputs &step : testCase.prompts) {
    found = runner.step("prefill", step);
  }
  findings.promptError = sampledError(testCase, testCase.prompts.back(), found);
  found = runner.step("small", testCase.few);
  findings.fewError = sampledError(testCase, testCase.few, found);
  findings.failure = describeError("prefill", findings.promptError, testCase.tolerance);
  if (findings.failure.empty()) {
    findings.failure = describeError("small", findings.fewError, testCase.fewTolerance);
  }
  if (findings.failure.empty()) {
    findings.failure = compareDecode(runner, testCase.few, found);
  }
}

} // namespace

DeviceFindings checkRealCase(const RealCase &testCase, const CompiledProgram &code,
                             const std::string &backend, const Device::Options &options) {
  DeviceFindings findings;
  try {
    Device device(Backend::named(backend), options);
    ProgramRunner runner(device, code, testCase.tensors, testCase.pages);
    checkSteps(testCase, runner, findings);
  } catch (const std::exception &failure) {
    findings.failure = failure.what();
  }
  return findings;
}

} // namespace cria::conformance
