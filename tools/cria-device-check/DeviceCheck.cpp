// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cria-device-check/DeviceCheck.h"

#include "tools/cria-device-check/RelativeError.h"

#include <fmt/format.h>
#include <limits>
#include <stdexcept>

namespace cria::conformance {
namespace {

using Steps = std::vector<StepInputs>;
using Results = std::vector<Matrix>;

/// One program on one backend.
class Side {
public:
  Side(const CompiledProgram &program, const Tensors &tensors, const std::string &backend,
       const Device::Options &options)
      : program_(program), tensors_(tensors), backend_(Backend::named(backend)), options_(options) {}

  /// Runs the steps with a new cache.
  Results run(const std::string &entry, const Steps &steps) const {
    Device device(backend_, options_);
    ProgramRunner runner(device, program_, tensors_, kCasePages);
    Results results;
    for (const StepInputs &step : steps) {
      results.push_back(runner.step(entry, step));
    }
    return results;
  }

private:
  const CompiledProgram &program_;
  const Tensors &tensors_;
  const Backend &backend_;
  Device::Options options_;
};

double largestError(const Results &found, const Results &expected) {
  double error = found.size() == expected.size() ? 0 : std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < std::min(found.size(), expected.size()); ++i) {
    error = std::max(error, relativeError(found[i], expected[i]));
  }
  return error;
}

Steps allRows(const Steps &steps) {
  Steps rows;
  for (const StepInputs &step : steps) {
    const Steps more = rowByRow(step);
    rows.insert(rows.end(), more.begin(), more.end());
  }
  return rows;
}

/// Compares the results of all rows of `steps` run one by one (`alone`) with those of the steps (`together`).
std::string compareRows(const Results &alone, const Steps &steps, const Results &together) {
  size_t first = 0;
  for (size_t i = 0; i < steps.size(); ++i) {
    for (size_t output = 0; output < steps[i].outputs.size(); ++output) {
      const size_t row = first + static_cast<size_t>(steps[i].outputs[output]);
      if (!isRowOf(alone[row], together[i], output)) {
        return fmt::format("step {}, row {}: expected the same bits as when the row runs alone", i,
                           steps[i].outputs[output]);
      }
    }
    first += rowByRow(steps[i]).size();
  }
  return {};
}

void checkPrompts(const DeviceCase &testCase, const Side &reference, const Side &device,
                  DeviceFindings &findings) {
  const Results found = device.run("prefill", testCase.prompts);
  findings.promptError = largestError(found, reference.run("prefill", testCase.prompts));
  findings.failure = describeError("prefill", findings.promptError, testCase.tolerance);
  if (findings.failure.empty() && testCase.alone) {
    findings.failure = compareRows(device.run("prefill", allRows(testCase.prompts)), testCase.prompts, found);
  }
}

void checkFew(const DeviceCase &testCase, const Side &reference, const Side &device,
              DeviceFindings &findings) {
  const Results found = device.run("small", testCase.few);
  findings.fewError = largestError(found, reference.run("prefill", testCase.few));
  findings.failure = describeError("small", findings.fewError, testCase.fewTolerance);
  if (findings.failure.empty()) {
    findings.failure = compareRows(device.run("decode", allRows(testCase.few)), testCase.few, found);
  }
}

} // namespace

std::vector<Matrix> runOnDevice(const DeviceCase &testCase, const std::string &entry,
                                const CompiledProgram &code, const std::string &backend,
                                const Device::Options &options) {
  const Side device(code, testCase.tensors, backend, options);
  return device.run(entry, entry == "prefill" ? testCase.prompts
                           : entry == "small" ? testCase.few
                                              : allRows(testCase.few));
}

DeviceFindings checkOnDevice(const DeviceCase &testCase, const CompiledProgram &ops,
                             const CompiledProgram &code, const std::string &backend,
                             const Device::Options &options) {
  DeviceFindings findings;
  try {
    const Side reference(ops, testCase.tensors, "reference", {.numThreads = 1});
    const Side device(code, testCase.tensors, backend, options);
    checkPrompts(testCase, reference, device, findings);
    if (findings.failure.empty() && !testCase.few.empty()) {
      checkFew(testCase, reference, device, findings);
    }
  } catch (const std::exception &failure) {
    findings.failure = failure.what();
  }
  return findings;
}

} // namespace cria::conformance
