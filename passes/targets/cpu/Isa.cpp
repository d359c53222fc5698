// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The table of instruction set levels.
#include "passes/targets/cpu/Isa.h"

namespace cria::cpu {

// 16 registers of 8 floats, or 32 of 4, hold 8 vectors of 16 floats, two of which are reserved for operands.
// 32 registers of 16 floats hold 24 accumulators, 4 weights and the broadcast activations.
static constexpr int64_t kNarrowAccumulators = 6;
static constexpr int64_t kWideAccumulators = 24;

static constexpr Isa onX86(llvm::StringLiteral name, llvm::StringLiteral cpu, llvm::StringLiteral features) {
  return {.name = name,
          .format = "elf.x86_64",
          .triple = "x86_64-unknown-linux-gnu",
          .cpu = cpu,
          .features = features,
          .accumulators = kNarrowAccumulators,
          .codes = true};
}

/// x86-64-v4 with more features.
static constexpr Isa onAvx512(llvm::StringLiteral name, llvm::StringLiteral features) {
  Isa isa = onX86(name, "x86-64-v4", features);
  isa.accumulators = kWideAccumulators;
  isa.wide = true;
  return isa;
}

static constexpr Isa onlyDense(Isa isa) {
  isa.onlyDense = true;
  return isa;
}

static constexpr Isa withDotBytes(Isa isa) {
  isa.dotBytes = true;
  return isa;
}

static constexpr Isa optional(Isa isa) {
  isa.isOptional = true;
  return isa;
}

static constexpr Isa withDotBfloat(Isa isa) {
  isa.dotBfloat = true;
  return isa;
}

static constexpr Isa kIsas[] = {
    onX86("x86-64-v3", "x86-64-v3", ""),
    optional(withDotBytes(onX86("x86-64-v3-avxvnni", "x86-64-v3", "+avxvnni"))),
    onlyDense(onAvx512("x86-64-v4", "-prefer-256-bit")),
    withDotBytes(onAvx512("x86-64-v4-vnni", "-prefer-256-bit,+avx512vnni")),
    withDotBfloat(withDotBytes(onAvx512("x86-64-v4-vnni-bf16", "-prefer-256-bit,+avx512vnni,+avx512bf16"))),
    {.name = "aarch64",
     .format = "elf.aarch64",
     .triple = "aarch64-unknown-linux-gnu",
     .cpu = "generic",
     .features = "+neon",
     .accumulators = kNarrowAccumulators},
};

llvm::ArrayRef<Isa> allIsas() { return kIsas; }

const Isa *findIsa(llvm::StringRef name) {
  for (const Isa &isa : allIsas()) {
    if (isa.name == name) {
      return &isa;
    }
  }
  return nullptr;
}

} // namespace cria::cpu
