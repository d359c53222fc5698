// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a device reaches on one large product, by our own kernel.
#pragma once

#include "tools/cria-device-check/Checks.h"
#include "tools/cria-device-check/LargeProduct.h"

namespace cria::check {

/// Operations a second of the program's longest kernel; the best of several. Throws std::runtime_error.
double productRate(const CheckOptions &options, const LargeProduct &product,
                   const conformance::CompiledProgram &program);

} // namespace cria::check
