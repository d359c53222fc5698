// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Finds and starts cria-compile, the only program that contains the compiler.
#pragma once

#include "support/Status.h"

#include <string>
#include <vector>

namespace cria::cli {

/// The path of cria-compile, in the folder of this program. Errors: notFound, with the remedy.
StatusOr<std::string> findCompiler();

/// First line of `cria-compile --version`.
StatusOr<std::string> compilerVersion();

/// Runs cria-compile with the arguments and the standard streams of this process, waits for it, and returns
/// its exit code.
StatusOr<int> runCompiler(const std::vector<std::string> &arguments);

} // namespace cria::cli
