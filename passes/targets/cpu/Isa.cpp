// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The table of instruction set levels.
#include "passes/targets/cpu/Isa.h"

namespace cria::cpu {

llvm::ArrayRef<Isa> allIsas() {
  // 16 registers of 8 floats, or 32 of 4, hold 8 vectors of 16 floats, two of which are reserved for
  // operands. 32 registers of 16 floats hold 24 accumulators, 4 weights and the broadcast activations.
  static const Isa isas[] = {
      {"x86-64-v3", "elf.x86_64", "x86_64-unknown-linux-gnu", "x86-64-v3", "", 6, false, false, true},
      {"x86-64-v4", "elf.x86_64", "x86_64-unknown-linux-gnu", "x86-64-v4", "-prefer-256-bit", 24, true, false,
       true, true},
      {"x86-64-v4-vnni", "elf.x86_64", "x86_64-unknown-linux-gnu", "x86-64-v4", "-prefer-256-bit,+avx512vnni",
       24, true, true, true},
      {"aarch64", "elf.aarch64", "aarch64-unknown-linux-gnu", "generic", "+neon", 6, false},
  };
  return isas;
}

const Isa *findIsa(llvm::StringRef name) {
  for (const Isa &isa : allIsas()) {
    if (isa.name == name) {
      return &isa;
    }
  }
  return nullptr;
}

} // namespace cria::cpu
