// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The data that generated code and the simulator share: the state of a GPU thread, which is a hidden
// parameter of compiled kernels, and the description of each site that calls the simulator.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace cria::gpusim {

class Machine;

constexpr uint32_t kWarpSize = 32;
constexpr uint32_t kMaxThreadsPerBlock = 1024;
constexpr uint32_t kMaxWarps = kMaxThreadsPerBlock / kWarpSize;

enum class Access : uint8_t { read, write, atomic };

/// Warp-wide operations. Collectives.cpp describes their operands and results.
enum class Collective : uint8_t {
  warpSync,
  shuffleUp,
  shuffleDown,
  shuffleXor,
  shuffleIndex,
  voteAll,
  voteAny,
  voteUniform,
  voteBallot,
  matchAny,
  reduceAdd,
  reduceAnd,
  reduceOr,
  reduceXor,
  reduceMin,
  reduceMax,
  reduceUMin,
  reduceUMax,
  loadMatrix, // argument: matrices, plus kTransposed
  mmaF16,     // argument: k
  mmaBf16,    // argument: k
};
constexpr uint32_t kTransposed = 0x100;

/// How a block-wide barrier combines the threads' predicates.
enum class BarrierResult : uint32_t { none, popCount, logicalAnd, logicalOr };

/// A site: an instruction of a kernel that calls the simulator.
struct Site {
  std::string name;        // "load", "store", or the intrinsic
  std::string location;    // "file:line", or empty without debug information
  std::string instruction; // as LLVM prints it
  uint32_t size = 0;       // bytes of an access
  uint32_t alignment = 1;  // required by the instruction
  Access access = Access::read;
  Collective collective = Collective::warpSync;
  uint32_t argument = 0; // of a collective
  int32_t window = -1;   // parameter that the address derives from; -1: unknown
  bool aligned = false;  // a barrier that all lanes of a warp must reach together
};

/// Operands (from word 0) and results (from word kResultWord) of a collective, one per lane.
constexpr uint32_t kResultWord = 12;
constexpr uint32_t kSlotWords = 16;

/// A cp.async whose data has not been waited for.
struct AsyncCopy {
  uint64_t offset = 0; // in shared memory
  uint32_t size = 0;
  uint32_t group = 0;
  std::array<std::byte, 16> data{};
};

/// The state of a GPU thread. Generated code accesses the members up to `shared` by offset.
struct Thread {
  uint32_t tid[3] = {};
  uint32_t ntid[3] = {};
  uint32_t ctaid[3] = {};
  uint32_t nctaid[3] = {};
  uint32_t laneId = 0;
  uint32_t warpId = 0;
  std::byte *shared = nullptr; // the block's shared memory

  Machine *machine = nullptr;
  uint32_t index = 0; // within the block, x fastest
  void *fiber = nullptr;

  enum class State : uint8_t { ready, inCollective, atBarrier, exited } state = State::ready;
  const Site *site = nullptr; // the site at which it waits
  uint32_t mask = 0;          // of the collective
  uint32_t *slot = nullptr;   // operands of the collective
  uint32_t barrier = 0;       // number of the barrier
  uint32_t predicate = 0;     // in: for a barrier that combines; out: the result

  std::vector<AsyncCopy> copies;
  uint32_t committedGroups = 0;
};

constexpr size_t kTidOffset = 0;
constexpr size_t kNtidOffset = 12;
constexpr size_t kCtaidOffset = 24;
constexpr size_t kNctaidOffset = 36;
constexpr size_t kLaneIdOffset = 48;
constexpr size_t kWarpIdOffset = 52;
constexpr size_t kSharedOffset = 56;
static_assert(offsetof(Thread, tid) == kTidOffset && offsetof(Thread, ntid) == kNtidOffset);
static_assert(offsetof(Thread, ctaid) == kCtaidOffset && offsetof(Thread, nctaid) == kNctaidOffset);
static_assert(offsetof(Thread, laneId) == kLaneIdOffset && offsetof(Thread, warpId) == kWarpIdOffset);
static_assert(offsetof(Thread, shared) == kSharedOffset);

/// A compiled kernel. parameters: the addresses of the buffers, in order.
using KernelFunction = void (*)(Thread *thread, void *const *parameters);

} // namespace cria::gpusim
