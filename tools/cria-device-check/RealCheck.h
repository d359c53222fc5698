// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs a case at the shape of a real model on a device.
#pragma once

#include "tools/cria-device-check/DeviceCheck.h"
#include "tools/cria-device-check/RealCases.h"

namespace cria::conformance {

/// Runs the steps of the case. Checks that the sampled columns of `prefill` and `small` are within the
/// tolerance, that no value of their results is NaN or infinite, and that `decode` gives the bits of `small`
/// in all columns.
DeviceFindings checkRealCase(const RealCase &testCase, const CompiledProgram &code,
                             const std::string &backend, const Device::Options &options = {});

} // namespace cria::conformance
