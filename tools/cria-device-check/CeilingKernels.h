// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The kernels that measure what a device can do: names, blocks and arguments. The compiler emits them from
// EmitCeilingKernels.cpp, and `check` runs them. Their operands are buffers of u32 words in the order that is
// given here; "arguments" holds the numbers that the kernel needs.
#pragma once

#include <cstdint>
#include <string>

namespace cria::check {

inline constexpr const char *kCeilingFolder = "ceilings"; ///< of the data of `check`

/// Reads memory. Operands: arguments {rounds, words between the loads of a thread}, memory, output (16 bytes
/// for each thread). In each round a thread starts `loads` loads of 16 bytes and waits for all of them; what
/// it has loaded is part of the next addresses. REQUIRES: all words of the memory are equal.
struct ReadKernel {
  static constexpr uint32_t kThreads = 256, kLoadBytes = 16, kMostBlocksPerSm = 4;
  static constexpr uint32_t kLoads[] = {2, 4, 8}; ///< even, so that the words of a round cancel
  uint32_t loads = 0;
  std::string name() const { return "ceiling_read_" + std::to_string(loads); }
};

/// Does nothing. No operands.
struct EmptyKernel {
  static constexpr uint32_t kThreads = 128;
  static constexpr const char *kName = "ceiling_empty";
  /// The same for programmatic dependent launch: lets the next kernel start, and waits for the one before.
  static constexpr const char *kProgrammaticName = "ceiling_empty_programmatic";
};

/// Writes a chain of indices through all lines of a memory; a block for every kThreads lines. Operands:
/// arguments {lines, lines from one to the next}, chain.
struct ChainKernel {
  static constexpr uint32_t kThreads = 256, kLineBytes = 128;
  static constexpr const char *kName = "ceiling_chain";
};

/// Follows a chain. Operands: arguments {steps}, chain, state {the index where it starts, then the last one}.
struct ChaseKernel {
  static constexpr uint32_t kThreads = 32; ///< of which the first does the work
  static constexpr const char *kName = "ceiling_chase";
};

/// Multiplies tiles of f16 numbers in registers and adds in f32. Operands: arguments {rounds}, output (a
/// float for each thread). In each round a warp multiplies kChains tiles of 16 × 8 × 16.
struct MmaKernel {
  static constexpr uint32_t kThreads = 256, kChains = 8;
  static constexpr const char *kName = "ceiling_mma_f16";
  static constexpr double kOperations = 2.0 * 16 * 8 * 16; ///< of a tile
};

} // namespace cria::check
