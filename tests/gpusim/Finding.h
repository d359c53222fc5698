// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the checks find, and how it is said.
#pragma once

#include "Thread.h"

namespace cria::gpusim {

enum class FaultKind : uint8_t {
  None,
  OutOfBounds,
  ReadOnly,
  Misaligned,
  Uninitialised,
  PendingCopy,
  SharedRace,
  BlockRace,
};

/// The memory that an access meant.
enum class Place : uint8_t { Unknown, Buffer, Shared };

/// The answer of one check; kind None when all is well.
struct Fault {
  FaultKind kind = FaultKind::None;
  Place place = Place::Unknown;
  bool isWrite = false;
  const std::string *buffer = nullptr; // name of the window
  uint64_t offset = 0;                 // of the access in the buffer or in shared memory
  uint64_t size = 0;                   // of the access
  uint64_t extent = 0;                 // of the buffer or of shared memory
  uint64_t address = 0;
  std::string other{}; // who else took part in a race
  explicit operator bool() const { return kind != FaultKind::None; }
};

/// "(3,0,0)"
std::string indexText(const uint32_t (&index)[3]);

/// "thread (3,0,0)" for a thread's number in a block of the given extents.
std::string threadText(uint32_t index, const uint32_t (&block)[3]);

/// " at file:line: instruction", as far as known.
std::string placeText(const Site &site);

/// The whole message: name of the fault, kernel, block, thread, memory, place in the code.
std::string describe(const Fault &fault, const std::string &kernel, const Thread &thread, const Site &site);

} // namespace cria::gpusim
