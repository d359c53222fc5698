// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs the system's C compiler.
#pragma once

#include "mlir/Support/LLVM.h"

#include <string>

/// Compiles C to a shared object (or, if `asAssembly`, to assembly text) for x86-64-v3 that needs no library,
/// with the compiler $CC, else cc. On failure, `error` has the compiler's messages.
mlir::FailureOr<std::string> compileC(const std::string &source, bool asAssembly, std::string &error);
