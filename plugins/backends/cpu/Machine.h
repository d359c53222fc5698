// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Properties of this machine, as the operating system reports them.
#pragma once

#include <cstdint>
#include <string>

namespace cria::cpu {

/// Returns the processor's model name, or its architecture if that is unknown.
std::string processorName();

/// Returns the number of physical cores that this process may run on; at least 1.
uint32_t availableCores();

struct Memory {
  uint64_t totalBytes = 0; // 0: unknown
  uint64_t freeBytes = 0;  // memory that can be allocated without swapping
};
Memory readMemory();

} // namespace cria::cpu
