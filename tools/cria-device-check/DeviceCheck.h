// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One case on a device, compared with the reference and with itself.
#pragma once

#include "tools/cria-device-check/DeviceCases.h"

namespace cria::conformance {

struct DeviceFindings {
  std::string failure; // what differs first, or what the backend says; empty when all is well
  // Largest differences from the reference, relative to the largest magnitude of a step.
  double promptError = 0;
  double fewError = 0;
};

/// Runs the case as `ops` on the backend `reference` and as `code` on `backend`: numbers within tolerance;
/// rows that do not depend, bit for bit, on the rows beside them; rows of `small` that are those of `decode`.
DeviceFindings checkOnDevice(const DeviceCase &testCase, const CompiledProgram &ops,
                             const CompiledProgram &code, const std::string &backend,
                             const Device::Options &options = {});

/// Results of the case's steps through an entry: prompts through `prefill`, few rows through `small`, and
/// these one by one through `decode`. Throws std::runtime_error with what the backend says.
std::vector<Matrix> runOnDevice(const DeviceCase &testCase, const std::string &entry,
                                const CompiledProgram &code, const std::string &backend,
                                const Device::Options &options = {});

} // namespace cria::conformance
