// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a device can do at best, by its own copies and by our kernel for one large product.
#pragma once

#include "Checks.h"
#include "LargeProduct.h"

namespace cria::check {

/// Bytes a second, read and written both counted; the best of several. Throws std::runtime_error.
double copyBandwidth(const CheckOptions &options);

/// Operations a second of the program's longest kernel; the best of several. Throws std::runtime_error.
double productRate(const CheckOptions &options, const LargeProduct &product,
                   const conformance::CompiledProgram &program);

} // namespace cria::check
