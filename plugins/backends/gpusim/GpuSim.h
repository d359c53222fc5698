// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs kernels made for NVIDIA GPUs on the host, one lane after the other, and checks everything they do:
// bounds, alignment, initialisation, races, barriers, asynchronous copies. The input is the LLVM module that
// would go to NVPTX code generation. This header needs no LLVM; docs/cuda.md says what it
// models and what not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cria::gpusim {

/// The memory behind one kernel parameter. Two windows may share memory. Borrowed for the launch.
struct MemoryWindow {
  std::byte *data = nullptr;
  uint64_t size = 0;
  bool writable = false;
  std::string name;
  /// One byte per byte of `data`: 1 = holds a value, 0 = does not. Stores set it. Null: all bytes hold
  /// values.
  uint8_t *initialised = nullptr;
};

struct Launch {
  std::string kernel;
  uint32_t grid[3] = {1, 1, 1};
  uint32_t block[3] = {1, 1, 1};
  uint64_t sharedBytes = 0; // dynamic shared memory, after the static one
  std::vector<MemoryWindow> parameters;
};

/// The order in which lanes, warps and blocks take their turns. A correct kernel gives the same result for
/// all.
struct Options {
  bool reverseLanes = false;
  bool reverseWarps = false;
  bool reverseBlocks = false;
  uint32_t firstWarp = 0; // warps take turns from this one on, modulo their number
  bool checks = true;     // false: only the scheduling errors are found
  bool countBankConflicts = true;
  /// true: only barriers and bar.warp.sync order memory within a warp, as the PTX memory model has it.
  /// false: shuffles, votes and matrix operations do too, as all hardware so far behaves.
  bool strictWarpOrder = false;
};

/// What a launch did; run() adds to it.
struct Counters {
  uint64_t globalAccesses = 0; // of single threads
  uint64_t sharedAccesses = 0;
  uint64_t sharedBankConflicts = 0; // extra cycles, see BankConflicts.h
  uint64_t collectives = 0;         // warp-wide operations
  uint64_t barriers = 0;            // completed, per block
  uint64_t asyncCopies = 0;
  uint64_t blocks = 0;
};

/// What the module states about a kernel.
struct KernelInfo {
  std::string name;
  uint32_t numParameters = 0;
  uint32_t maxThreads[3] = {0, 0, 0}; // attribute nvvm.maxntid (or reqntid); 0, 0, 0: none
  uint64_t staticSharedBytes = 0;
};

/// Compiled kernels. Threads: one at a time.
class Module {
public:
  virtual ~Module() = default;

  /// Compiles LLVM bitcode or LLVM assembly for nvptx64. Null: `error` says why, naming the intrinsic or
  /// construct that the simulator does not know and the kernel that uses it.
  static std::unique_ptr<Module> load(std::string_view code, std::string &error);

  /// Null when there is no such kernel. Lives as long as the module.
  virtual const KernelInfo *find(std::string_view kernel) const = 0;

  /// Runs all blocks. The answer is empty, or the first finding, which begins with its name; the launch
  /// ends there and memory keeps what was written so far.
  virtual std::string run(const Launch &launch, const Options &options = {},
                          Counters *counters = nullptr) = 0;
};

} // namespace cria::gpusim
