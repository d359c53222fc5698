// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria-compile, the one program with the compiler in it: where it is and how to start it.
#pragma once

#include "support/Status.h"

#include <string>
#include <vector>

namespace cria::cli {

/// Path of cria-compile beside this program. Errors: NOT_FOUND with what to do.
StatusOr<std::string> findCompiler();

/// First line of `cria-compile --version`.
StatusOr<std::string> compilerVersion();

/// Runs cria-compile with the arguments and this program's streams, waits, and returns its exit code.
StatusOr<int> runCompiler(const std::vector<std::string> &arguments);

} // namespace cria::cli
