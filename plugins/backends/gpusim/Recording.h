// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A command buffer: a list of kernel launches, copies and fills for the simulated GPU.
#pragma once

#include "plugins/backends/gpusim/LaunchChecks.h"

#include <memory>
#include <mutex>

namespace cria::gpusim {

/// A window of a buffer in an entry.
struct Range {
  cria_buffer *buffer = nullptr;
  uint64_t offset = 0;
  uint64_t size = 0;
};

enum class EntryKind : uint8_t { kernel, copy, fill };

struct Entry {
  EntryKind kind = EntryKind::kernel;
  std::string name;
  Launch launch; // of a kernel
  Range source;  // of a copy
  Range destination;
  uint32_t fillValue = 0;
};

/// Checks all entries against the contract and resolves them.
Check recordEntries(cria_code *code, const cria_record_info &info, std::unique_ptr<cria_recording> &out);

/// Runs all entries in order, up to the first finding of the simulator.
Check replayEntries(cria_recording &recording, const int32_t *cancel, plugin::Profile &profile);

} // namespace cria::gpusim

struct cria_context {
  cria::gpusim::Options options;
};

struct cria_code {
  std::unique_ptr<cria::gpusim::Module> module;
  const cria::gpusim::Architecture *architecture = nullptr;
  cria::gpusim::Options options;
  std::mutex mutex; // serializes launches
};

struct cria_recording {
  cria_code *code = nullptr;
  std::vector<cria::gpusim::Entry> entries;
};
