// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The objects of the backend `gpusim`: host memory with a record of which bytes hold a value, and recordings
// of launches for the simulator.
#pragma once

#include "GpuSim.h"
#include "plugins/api/cria_host_backend.hpp"

#include <map>
#include <mutex>

namespace cria::gpusim {

struct Entry {
  uint32_t kind = 0;
  Launch launch;                      // kernel
  std::vector<cria_buffer *> buffers; // of the operands, in order
  std::vector<uint64_t> offsets;
  uint64_t size = 0; // copy, fill
  uint32_t fillValue = 0;
};

/// Checks all entries against the contract and resolves them; sets `out` when the answer is CRIA_STATUS_OK.
cria_status recordEntries(cria_context &context, cria_code *code, const cria_record_info &info,
                          std::unique_ptr<cria_recording> &out, cria_message *message);

/// A fill with a NaN makes memory undefined again: reading it is a finding.
inline bool isPoison(uint32_t word) { return (word & 0x7FC00000u) == 0x7FC00000u; }

} // namespace cria::gpusim

struct cria_context {
  /// One byte per byte of a buffer: 1 = holds a value.
  std::map<const cria_buffer *, std::vector<uint8_t>> shadows;
  std::mutex mutex;
  cria::gpusim::Options options;

  uint8_t *shadow(const cria_buffer *buffer, uint64_t offset) { return shadows.at(buffer).data() + offset; }
};

struct cria_code {
  std::unique_ptr<cria::gpusim::Module> module;
};

struct cria_recording {
  cria_context *context = nullptr;
  cria_code *code = nullptr;
  std::vector<cria::gpusim::Entry> entries;
};
