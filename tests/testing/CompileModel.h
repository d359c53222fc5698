// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Packages made in this process by the compiler's library.
#pragma once

#include <string>
#include <vector>

namespace cria::test {

/// Compiles `model` (a checkpoint, or empty with --preset among the arguments) and returns the package.
/// `arguments` are those of cria-compile. The same arguments compile once in a process; the packages are
/// removed at its end. Throws std::runtime_error with the compiler's message.
std::string compileModel(const std::string &model, const std::vector<std::string> &arguments);

} // namespace cria::test
