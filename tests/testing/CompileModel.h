// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compiles packages in this process with the compiler's library.
#pragma once

#include <string>
#include <vector>

namespace cria::test {

/// Compiles `model` (a checkpoint; empty if `arguments` contain --preset) and returns the path of the
/// package. `arguments` are those of cria-compile. Equal arguments are compiled once in a process; packages
/// are removed when it ends. Errors: throws std::runtime_error with the compiler's message.
std::string compileModel(const std::string &model, const std::vector<std::string> &arguments);

} // namespace cria::test
