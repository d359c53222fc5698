// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the operating system tells about this machine.
#pragma once

#include <cstdint>
#include <string>

namespace cria::cpu {

/// The processor's model name, or its architecture when the system does not tell.
std::string processorName();

/// Physical cores among the processors this process may run on; at least 1.
uint32_t availableCores();

struct Memory {
  uint64_t totalBytes = 0; // 0: unknown
  uint64_t freeBytes = 0;  // what can be allocated without swapping
};
Memory readMemory();

} // namespace cria::cpu
