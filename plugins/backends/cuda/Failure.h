// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a function of the backend answers inside: a status with a sentence. The driver's results become one
// here, so that a lost device is told from a full one everywhere.
#pragma once

#include "DriverApi.h"
#include "plugins/sdk/cria_entry_checks.hpp"

#include <string>
#include <string_view>

namespace cria::cuda {

using plugin::answer;
using plugin::Check;
using plugin::refuse;

/// "NAME (text)" of a driver result, e.g. "CUDA_ERROR_NO_DEVICE (no CUDA-capable device is detected)".
std::string describe(const DriverApi &driver, Result result);

/// Whether the device or its context is of no more use after this result.
bool isLost(Result result);

/// A result of the driver as an answer: OK, DEVICE_LOST, OUT_OF_MEMORY or INTERNAL. `what` names the work,
/// e.g. "upload".
Check checkResult(const DriverApi &driver, Result result, std::string_view what);

/// Returns from the enclosing function, which answers with a Check, when `expression` failed.
#define CRIA_CUDA_TRY(expression)                                                                            \
  if (::cria::plugin::Check tried = (expression); tried.failed()) {                                          \
    return tried;                                                                                            \
  }

} // namespace cria::cuda
