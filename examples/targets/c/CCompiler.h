// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The system's C compiler.
#pragma once

#include "mlir/Support/LLVM.h"

#include <string>

/// A shared object (or assembly text) for x86-64-v3 that needs no library. The compiler is $CC, else cc.
/// `error`: what it said when it fails.
mlir::FailureOr<std::string> compileC(const std::string &source, bool asAssembly, std::string &error);
