// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs kernels for NVIDIA GPUs on the host, one lane after the other, and checks every access: bounds,
// alignment, initialization, races, barriers, asynchronous copies. The input is the LLVM module that NVPTX
// code generation would compile. This header does not include LLVM. docs/cuda.md describes what is modeled
// and what is not.
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
  /// One byte per byte of `data`: 1 if it is initialized, else 0. Stores set it. Null: all bytes are
  /// initialized.
  uint8_t *initialised = nullptr;
};

struct Launch {
  std::string kernel;
  uint32_t grid[3] = {1, 1, 1};
  uint32_t block[3] = {1, 1, 1};
  uint64_t sharedBytes = 0; // dynamic shared memory, which follows the static one
  std::vector<MemoryWindow> parameters;
};

/// The order in which lanes, warps and blocks run. A correct kernel gives the same result for every order.
struct Options {
  bool reverseLanes = false;
  bool reverseWarps = false;
  bool reverseBlocks = false;
  uint32_t firstWarp = 0; // index of the warp that runs first, modulo the number of warps
  bool checks = true;     // false: only scheduling errors are found
  bool countBankConflicts = true;
  /// true: only barriers and bar.warp.sync order memory accesses within a warp, as in the PTX memory model.
  /// false: shuffles, votes and matrix operations order them, too, as on all current hardware.
  bool strictWarpOrder = false;
};

/// Counters, to which run() adds.
struct Counters {
  uint64_t globalAccesses = 0; // per thread
  uint64_t sharedAccesses = 0;
  uint64_t sharedBankConflicts = 0; // extra cycles, see BankConflicts.h
  uint64_t collectives = 0;         // warp-wide operations
  uint64_t barriers = 0;            // completed, per block
  uint64_t asyncCopies = 0;
  uint64_t blocks = 0;
};

/// Properties of a kernel, from its module.
struct KernelInfo {
  std::string name;
  uint32_t numParameters = 0;
  uint32_t maxThreads[3] = {0, 0, 0}; // attribute nvvm.maxntid (or reqntid); 0, 0, 0: none
  uint64_t staticSharedBytes = 0;
};

/// Compiled kernels. Not thread-safe; callers serialize.
class Module {
public:
  virtual ~Module() = default;

  /// Compiles LLVM bitcode or assembly for nvptx64. On failure returns null and sets `error`, which names an
  /// unsupported intrinsic or construct and the kernel that uses it.
  static std::unique_ptr<Module> load(std::string_view code, std::string &error);

  /// Returns a kernel, which lives as long as the module; null if there is none of that name.
  virtual const KernelInfo *find(std::string_view kernel) const = 0;

  /// Runs all blocks. Returns the first finding, which begins with its name and ends the launch; memory keeps
  /// what was written before it. Returns an empty string if there is no finding.
  virtual std::string run(const Launch &launch, const Options &options = {},
                          Counters *counters = nullptr) = 0;
};

} // namespace cria::gpusim
