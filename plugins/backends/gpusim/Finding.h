// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Findings of the checks, and their texts.
#pragma once

#include "plugins/backends/gpusim/Thread.h"

namespace cria::gpusim {

enum class FaultKind : uint8_t {
  none,
  outOfBounds,
  readOnly,
  misaligned,
  uninitialised,
  pendingCopy,
  sharedRace,
  blockRace,
};

/// The memory that an access refers to.
enum class Place : uint8_t { unknown, buffer, shared };

/// A violation that a check found.
struct Fault {
  static constexpr int64_t kSeveral = -1;

  FaultKind kind = FaultKind::none;
  Place place = Place::unknown;
  bool isWrite = false;
  const std::string *buffer = nullptr; // name of the window
  uint64_t offset = 0;                 // of the access in the buffer or in shared memory
  uint64_t size = 0;                   // of the access
  uint64_t memorySize = 0;             // of the buffer or of shared memory
  uint64_t address = 0;
  int64_t other = kSeveral; // race: linear index of the other thread of the block, or of the other block
};

/// Returns an index as "(3,0,0)".
std::string indexText(const uint32_t (&index)[3]);

/// The same for a linear index, x fastest.
std::string indexText(uint64_t index, const uint32_t (&dimensions)[3]);

/// Returns " at file:line: instruction", as far as known.
std::string placeText(const Site &site);

/// Returns "kernel 'k', block (0,0,0), thread (1,0,0)".
std::string whoText(const std::string &kernel, const Thread &thread);

/// Returns the complete message: name of the fault, kernel, block, thread, memory, source location.
std::string describe(const Fault &fault, const std::string &kernel, const Thread &thread, const Site &site);

} // namespace cria::gpusim
