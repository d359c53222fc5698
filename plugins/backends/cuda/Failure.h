// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Converts the driver's results to the status and message of the plugin ABI, and distinguishes the loss of a
// device from a lack of memory.
#pragma once

#include "DriverApi.h"
#include "plugins/sdk/cria_entry_checks.hpp"

#include <string>
#include <string_view>

namespace cria::cuda {

using plugin::answer;
using plugin::Check;
using plugin::refuse;

/// Returns "NAME (text)", such as "CUDA_ERROR_NO_DEVICE (no CUDA-capable device is detected)".
std::string describe(const DriverApi &driver, Result result);

/// Returns whether the device or its context is unusable after this result.
bool isLost(Result result);

/// Converts a driver result to OK, DEVICE_LOST, OUT_OF_MEMORY or INTERNAL. `what` names the work, such as
/// "upload".
Check checkResult(const DriverApi &driver, Result result, std::string_view what);

/// Returns from the enclosing function, whose result is a Check, if `expression` failed.
#define CRIA_CUDA_TRY(expression)                                                                            \
  if (::cria::plugin::Check tried = (expression); tried.failed()) {                                          \
    return tried;                                                                                            \
  }

} // namespace cria::cuda
