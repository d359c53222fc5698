// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A command buffer: a list of kernel calls, copies and fills with resolved addresses; and the device that
// runs it.
#pragma once

#include "KernelLibrary.h"
#include "ThreadPool.h"
#include "plugins/sdk/cria_host_backend.hpp"

#include <array>

namespace cria::cpu {

struct FreeDeleter {
  void operator()(void *memory) const { std::free(memory); }
};
using AlignedMemory = std::unique_ptr<std::byte, FreeDeleter>;

/// One block of scratch memory for each thread. Growing reallocates the blocks, so a replay reads their
/// addresses when it runs.
struct Scratch {
  std::vector<AlignedMemory> blocks; // one per thread
  uint64_t bytes = 0;                // size of each

  /// Grows every block to at least `size` bytes. Returns false if out of memory; then nothing has changed.
  bool reserve(uint64_t size);
};

struct Entry {
  // Kernel.
  cria_kernel_fn function = nullptr; // null for a copy or fill
  void *const *bindings = nullptr;   // into cria_recording::bindings
  std::array<uint32_t, 3> grid{};
  uint32_t numWorkgroups = 0;
  uint64_t scratchBytes = 0;
  plugin::host::Transfer transfer; // of a copy or fill

  bool isKernel() const { return function != nullptr; }
};

/// Checks all entries against the contract and resolves them.
plugin::Check recordEntries(cria_context &context, const KernelLibrary *library, const cria_record_info &info,
                            std::unique_ptr<cria_recording> &out);

/// Runs all entries in order.
plugin::Check replayEntries(cria_recording &recording, const int32_t *cancel, plugin::Profile &profile);

} // namespace cria::cpu

/// An opened processor.
struct cria_context {
  explicit cria_context(uint32_t numThreads) : threads(numThreads) { scratch.blocks.resize(numThreads); }

  cria::cpu::ThreadPool threads;
  cria::cpu::Scratch scratch;
  bool poisonScratch = false;
  std::mutex mutex; // serializes replays and growing the scratch memory
};

struct cria_code {
  std::unique_ptr<cria::cpu::KernelLibrary> library;
};

struct cria_recording {
  cria_context *context = nullptr;
  std::vector<void *> bindings;
  std::vector<cria::cpu::Entry> entries;
};
