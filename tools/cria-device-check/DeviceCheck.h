// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs a case on a device and compares its results with the reference and with each other.
#pragma once

#include "tools/cria-device-check/DeviceCases.h"

namespace cria::conformance {

struct DeviceFindings {
  std::string failure; // the first difference, or the backend's error; empty if the case passes
  // The largest differences from the reference, relative to the largest magnitude of a step.
  double promptError = 0;
  double fewError = 0;
};

/// Runs the case as `ops` on the backend `reference` and as `code` on `backend`. Checks that results are
/// within the tolerance, that the bits of a row do not depend on the other rows of its step, and that `small`
/// and `decode` give equal bits.
DeviceFindings checkOnDevice(const DeviceCase &testCase, const CompiledProgram &ops,
                             const CompiledProgram &code, const std::string &backend,
                             const Device::Options &options = {});

/// Returns the results of the case's steps with an entry point: prompts for `prefill`, few rows for `small`,
/// and these one by one for `decode`. Errors: throws std::runtime_error with the backend's message.
std::vector<Matrix> runOnDevice(const DeviceCase &testCase, const std::string &entry,
                                const CompiledProgram &code, const std::string &backend,
                                const Device::Options &options = {});

} // namespace cria::conformance
