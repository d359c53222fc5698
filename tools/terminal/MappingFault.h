// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A program that reads a mapped file after another process has made it shorter ends by SIGBUS.
#pragma once

namespace cria::cli {

/// From now on, such a program ends with a message that names the file, and with exit code 2.
void reportMappingFaults();

} // namespace cria::cli
