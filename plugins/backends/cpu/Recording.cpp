// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Records entries, with all checks, look-ups and allocations, and replays them without any.
#include "Recording.h"

#include "support/FloatMode.h"

namespace cria::cpu {

bool Scratch::reserve(uint64_t size) {
  if (size <= bytes) {
    return true;
  }
  std::vector<AlignedMemory> larger(blocks.size());
  for (AlignedMemory &block : larger) {
    block.reset(plugin::host::allocateAligned(size));
    if (block == nullptr) {
      return false;
    }
  }
  blocks = std::move(larger);
  bytes = size;
  return true;
}

namespace {

using plugin::Check;
using plugin::refuse;
using plugin::view;

/// Returns the number of workgroups; 0 if the grid is empty or too large.
uint32_t countWorkgroups(const uint32_t (&grid)[3]) {
  uint64_t count = 1;
  for (const uint32_t dimension : grid) {
    count *= dimension; // at most 2^60 before it is refused
    if (count > ThreadPool::kMaxItems) {
      return 0;
    }
  }
  return static_cast<uint32_t>(count);
}

Check recordKernel(const cria_entry &entry, const KernelLibrary *library, Entry &out,
                   std::vector<void *> &bindings) {
  if (library == nullptr) {
    return refuse(CRIA_STATUS_INVALID_ARGUMENT, "expected loaded code for a kernel, got none");
  }
  out.function = library->find(std::string(view(entry.name)));
  if (out.function == nullptr) {
    return refuse(CRIA_STATUS_NOT_FOUND, "code exports no such kernel");
  }
  std::copy(std::begin(entry.grid), std::end(entry.grid), out.grid.begin());
  out.numWorkgroups = countWorkgroups(entry.grid);
  if (out.numWorkgroups == 0) {
    return refuse(CRIA_STATUS_INVALID_ARGUMENT,
                  "expected a grid of 1 to " + std::to_string(ThreadPool::kMaxItems) + " workgroups");
  }
  if (entry.block[0] != 0 || entry.block[1] != 0 || entry.block[2] != 0 || entry.num_attributes != 0) {
    return refuse(CRIA_STATUS_INVALID_ARGUMENT, "expected no block size and no attributes for a CPU kernel");
  }
  if (Check check = plugin::checkOperands(entry, CRIA_KERNEL_ALIGNMENT, plugin::host::propertiesOf);
      check.failed()) {
    return check;
  }
  out.scratchBytes = entry.scratch_bytes;
  for (uint32_t i = 0; i < entry.num_operands; ++i) {
    bindings.push_back(entry.operands[i]->buffer->data + entry.operands[i]->offset);
  }
  return {};
}

Check recordEntry(const cria_entry &entry, const KernelLibrary *library, Entry &out,
                  std::vector<void *> &bindings) {
  switch (entry.kind) {
  case CRIA_ENTRY_KERNEL:
    return recordKernel(entry, library, out, bindings);
  case CRIA_ENTRY_COPY:
  case CRIA_ENTRY_FILL:
    return out.transfer.resolve(entry);
  default:
    return plugin::refuseKind(entry.kind, "cpu");
  }
}

/// The arguments of one thread for its part of a dispatch.
struct KernelRun {
  const Entry &entry;
  cria_context &context;
};

void poison(std::byte *scratch, uint64_t size) {
  constexpr uint32_t kNan = 0x7FC00000u; // as f16 and bf16 halves: NaN or zero
  plugin::host::fillWords(scratch, size, kNan);
}

/// Workgroups first .. first+count-1 of the grid, x fastest.
void runWorkgroups(const void *state, uint32_t worker, uint32_t first, uint32_t count) {
  const auto &[entry, context] = *static_cast<const KernelRun *>(state);
  std::byte *scratch = entry.scratchBytes != 0 ? context.scratch.blocks[worker].get() : nullptr;
  uint32_t x = first % entry.grid[0];
  uint32_t y = first / entry.grid[0] % entry.grid[1];
  uint32_t z = first / entry.grid[0] / entry.grid[1];
  for (uint32_t i = 0; i < count; ++i) {
    if (context.poisonScratch) {
      poison(scratch, entry.scratchBytes);
    }
    entry.function(entry.bindings, scratch, x, y, z);
    if (++x == entry.grid[0]) {
      x = 0;
      if (++y == entry.grid[1]) {
        y = 0;
        ++z;
      }
    }
  }
}

void runEntry(const Entry &entry, cria_context &context) {
  if (!entry.isKernel()) {
    return entry.transfer.run();
  }
  const KernelRun run{entry, context};
  context.threads.forEach({runWorkgroups, &run, entry.numWorkgroups});
}

/// The vector of bindings may reallocate while it grows, so pointers into it are set at the end.
void linkBindings(cria_recording &recording, const cria_record_info &info) {
  void *const *next = recording.bindings.data();
  for (uint32_t i = 0; i < info.num_entries; ++i) {
    if (recording.entries[i].isKernel()) {
      recording.entries[i].bindings = next;
      next += info.entries[i]->num_operands;
    }
  }
}

Check reserveScratch(cria_context &context, const cria_recording &recording) {
  uint64_t needed = 0;
  for (const Entry &entry : recording.entries) {
    needed = std::max(needed, entry.scratchBytes);
  }
  const std::lock_guard lock(context.mutex);
  if (context.scratch.reserve(needed)) {
    return {};
  }
  return refuse(CRIA_STATUS_OUT_OF_MEMORY, std::to_string(context.scratch.blocks.size()) + " threads need " +
                                               std::to_string(needed) + " bytes of scratch memory each, " +
                                               std::to_string(plugin::freeMemoryBytes()) + " are free");
}

} // namespace

Check recordEntries(cria_context &context, const KernelLibrary *library, const cria_record_info &info,
                    std::unique_ptr<cria_recording> &out) {
  out = std::make_unique<cria_recording>();
  out->context = &context;
  out->entries.resize(info.num_entries);
  Check check = plugin::recordEach(info, [&](const cria_entry &entry, uint32_t i) {
    return recordEntry(entry, library, out->entries[i], out->bindings);
  });
  if (check.failed()) {
    return check;
  }
  linkBindings(*out, info);
  return reserveScratch(context, *out);
}

Check replayEntries(cria_recording &recording, const int32_t *cancel, plugin::Profile &profile) {
  const std::lock_guard lock(recording.context->mutex);
  const FloatMode floatMode;
  recording.context->threads.wakeUp();
  return plugin::replayEach(recording.entries.size(), cancel, profile, [&](size_t i) {
    runEntry(recording.entries[i], *recording.context);
    return Check{};
  });
}

} // namespace cria::cpu
