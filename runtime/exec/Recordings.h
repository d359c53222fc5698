// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Recordings of the program's entries for given (T, R), made on demand and kept while they are used.
#pragma once

#include "format/Program.h"
#include "plugins/api/cria_plugin.h"
#include "runtime/exec/Device.h"

#include <vector>

namespace cria {

/// Where the program's buffers live. Borrowed handles of one device.
struct BoundBuffers {
  struct Place {
    cria_buffer *buffer = nullptr;
    uint64_t offset = 0; // of the program's buffer within it
  };
  std::vector<Place> weights; // by weight
  std::vector<Place> buffers; // by buffer
  Place step, kv;
  uint32_t numPages = 0;
};

/// An entry resolved for (T, R).
struct Recording {
  const ProgramEntry *entry = nullptr;
  uint32_t numTokens = 0, numOutputs = 0;
  DeviceRecording handle;
  std::vector<uint32_t> dispatches; // of the entry, in order, without those whose grid is empty
  uint64_t lastUse = 0;
};

/// Threads: one at a time.
class Recordings {
public:
  /// All borrowed; outlive this. capacity: recordings kept.
  Recordings(Device &device, cria_code *code, const Program &program, const BoundBuffers &bound,
             uint32_t capacity)
      : device_(device), code_(code), program_(program), bound_(bound), capacity_(capacity) {}

  /// The recording of `entry` for a step of that size; the least recently used one makes room. The result is
  /// valid until the next call. Errors: the backend's.
  StatusOr<const Recording *> get(const ProgramEntry &entry, uint32_t numTokens, uint32_t numOutputs);

  /// Whether every entry can be recorded at its largest: kernels exist, grids and operands are taken. Keeps
  /// nothing.
  Status check() const;

private:
  StatusOr<Recording> make(const ProgramEntry &entry, uint32_t numTokens, uint32_t numOutputs) const;
  Recording *makeRoom();

  Device &device_;
  cria_code *code_;
  const Program &program_;
  const BoundBuffers &bound_;
  uint32_t capacity_;
  std::vector<Recording> kept_;
  uint64_t clock_ = 0;
};

} // namespace cria
