// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A resolved entry of a command buffer, which is queued on a stream to run or to be captured in a graph.
#pragma once

#include "Code.h"

namespace cria::cuda {

enum class DispatchKind : uint8_t { kernel, copy, fill };

struct Dispatch {
  DispatchKind kind = DispatchKind::kernel;
  // Kernel.
  FunctionHandle function = nullptr;
  std::array<uint32_t, 3> grid{};
  std::array<uint32_t, 3> block{};
  uint32_t sharedBytes = 0;
  std::vector<DeviceAddress> bindings;
  // Copy and fill.
  DeviceAddress destination = 0;
  DeviceAddress source = 0;
  uint64_t size = 0;
  uint32_t fillValue = 0;

  bool isEmpty() const { return kind != DispatchKind::kernel && size == 0; }
};

/// Checks an entry against the contract, the code and the device, and resolves it. `code` may be null.
Check resolveEntry(const cria_context &context, cria_code *code, const cria_entry &entry, Dispatch &out);

/// Queues the dispatch on a stream.
Result launch(const DriverApi &api, const Dispatch &dispatch, StreamHandle stream);

} // namespace cria::cuda
