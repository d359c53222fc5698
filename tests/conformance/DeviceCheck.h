// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One case on a device, compared with the reference and with itself.
#pragma once

#include "DeviceCases.h"

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

/// All results of the case's steps, prompts first.
std::vector<Matrix> runOnDevice(const DeviceCase &testCase, const CompiledProgram &code,
                                const std::string &backend, const Device::Options &options = {});

} // namespace cria::conformance
