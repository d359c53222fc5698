// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The command buffers of a program: its entry points, resolved for given (T, R). They are created on first
// use and kept in a least recently used cache.
#pragma once

#include "format/Program.h"
#include "plugins/api/cria_plugin.h"
#include "runtime/exec/Device.h"

#include <functional>
#include <vector>

namespace cria {

/// The device buffers that hold the weights and buffers of a program. Handles are borrowed.
struct BoundBuffers {
  struct Place {
    cria_buffer *buffer = nullptr;
    uint64_t offset = 0; // of the program's buffer in it, in bytes
  };
  std::vector<std::vector<Place>> weights; // by weight and array
  std::vector<Place> buffers;              // by buffer
  Place step, kv;
  uint32_t numPages = 0;
};

/// An entry point resolved for (T, R).
struct CommandBuffer {
  const ProgramEntry *entry = nullptr;
  uint32_t numTokens = 0, numOutputs = 0;
  DeviceCommandBuffer handle;
  std::vector<uint32_t> dispatches; // indices in the entry point, in order, without empty grids
  uint64_t lastUse = 0;
};

/// Not thread-safe; callers serialize.
class CommandBuffers {
public:
  /// All arguments outlive this object. capacity: the maximum number of command buffers, > 0.
  CommandBuffers(Device &device, cria_code *code, const Program &program, const BoundBuffers &bound,
                 uint32_t capacity)
      : device_(device), code_(code), program_(program), bound_(bound), capacity_(capacity) {}

  /// Returns the command buffer of `entry` for T = numTokens and R = numOutputs, which may replace the
  /// least recently used one. Valid until the next call. Errors: the backend's.
  StatusOr<const CommandBuffer *> get(const ProgramEntry &entry, uint32_t numTokens, uint32_t numOutputs);

  /// Makes a command buffer with only those dispatches of `step` that run `kernel`, an index of the program's
  /// kernels. Errors: the backend's.
  StatusOr<CommandBuffer> makeForKernel(const CommandBuffer &step, uint32_t kernel) const;

  /// Makes a command buffer with only the dispatches [first, end) of the entry point of `step`. Errors: the
  /// backend's.
  StatusOr<CommandBuffer> makePart(const CommandBuffer &step, size_t first, size_t end) const;

  /// Checks that the backend accepts every entry point at its maximum size. Keeps no command buffer.
  /// Errors: the backend's.
  Status check() const;

private:
  using Filter = std::function<bool(const ProgramDispatch &)>;
  /// Makes a command buffer of the dispatches that `isWanted` selects.
  StatusOr<CommandBuffer> make(const ProgramEntry &entry, uint32_t numTokens, uint32_t numOutputs,
                               const Filter &isWanted) const;
  CommandBuffer *makeRoom();

  Device &device_;
  cria_code *code_;
  const Program &program_;
  const BoundBuffers &bound_;
  uint32_t capacity_;
  std::vector<CommandBuffer> kept_;
  uint64_t clock_ = 0;
};

} // namespace cria
