// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The rate of a large matrix product by the compiled kernel.
#pragma once

#include "tools/cria-device-check/Checks.h"
#include "tools/cria-device-check/LargeProduct.h"

namespace cria::check {

/// Returns operations per second of the program's longest kernel, best of several runs. Errors: throws
/// std::runtime_error.
double productRate(const CheckOptions &options, const LargeProduct &product,
                   const conformance::CompiledProgram &program);

} // namespace cria::check
