// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Records entries, with the checks that a driver makes at launch, and replays them in the simulator.
#include "plugins/backends/gpusim/Recording.h"

#include "plugins/api/kernel_abi.h"

namespace cria::gpusim {
namespace {

using plugin::invalid;
using plugin::view;

MemoryWindow windowOf(const cria_operand &operand, uint32_t index) {
  return {.data = operand.buffer->data + operand.offset,
          .size = operand.size,
          .writable = (operand.access & CRIA_ACCESS_WRITE) != 0,
          .name = std::to_string(index) + " " + std::string(view(operand.name)),
          .initialised = shadowOf(*operand.buffer, operand.offset)};
}

Check recordOperands(const cria_entry &entry, const KernelInfo &kernel, Launch &launch) {
  if (entry.num_operands != kernel.numParameters) {
    return invalid("expected " + std::to_string(kernel.numParameters) + " operands for the kernel, got " +
                   std::to_string(entry.num_operands));
  }
  Check check = plugin::checkOperands(entry, CRIA_KERNEL_ALIGNMENT, plugin::host::propertiesOf);
  if (check.failed()) {
    return check;
  }
  for (uint32_t i = 0; i < entry.num_operands; ++i) {
    launch.parameters.push_back(windowOf(*entry.operands[i], i));
  }
  return {};
}

Check recordKernel(const cria_entry &entry, const cria_code *code, Entry &out) {
  if (code == nullptr) {
    return invalid("expected loaded code for a kernel, got none");
  }
  const KernelInfo *kernel = code->module->find(view(entry.name));
  if (kernel == nullptr) {
    return {CRIA_STATUS_NOT_FOUND, "code has no such kernel"};
  }
  if (entry.num_attributes != 0) {
    return invalid("a kernel has no attributes");
  }
  if (Check check = checkLaunch(entry, *kernel, *code->architecture); check.failed()) {
    return check;
  }
  out.launch.kernel = kernel->name;
  std::copy_n(entry.grid, 3, out.launch.grid);
  std::copy_n(entry.block, 3, out.launch.block);
  out.launch.sharedBytes = entry.scratch_bytes;
  return recordOperands(entry, *kernel, out.launch);
}

Range rangeOf(const cria_operand &operand) { return {operand.buffer, operand.offset, operand.size}; }

Check recordBytes(const cria_entry &entry, Entry &out) {
  if (Check check = plugin::checkBytes(entry, plugin::host::propertiesOf); check.failed()) {
    return check;
  }
  const bool isCopy = entry.kind == CRIA_ENTRY_COPY;
  const cria_operand &destination = *entry.operands[entry.num_operands - 1];
  out.source = isCopy ? rangeOf(*entry.operands[0]) : Range{};
  out.destination = rangeOf(destination);
  out.fillValue = entry.fill_value;
  return {};
}

Check recordEntry(const cria_entry &entry, const cria_code *code, Entry &out) {
  out.name = view(entry.name);
  switch (entry.kind) {
  case CRIA_ENTRY_KERNEL:
    out.kind = EntryKind::kernel;
    return recordKernel(entry, code, out);
  case CRIA_ENTRY_COPY:
    out.kind = EntryKind::copy;
    return recordBytes(entry, out);
  case CRIA_ENTRY_FILL:
    out.kind = EntryKind::fill;
    return recordBytes(entry, out);
  default:
    return plugin::refuseKind(entry.kind, "gpusim");
  }
}

/// Reports bank conflicts as a finding, if that is requested.
std::string runKernel(const Launch &launch, cria_code &code) {
  Counters counters;
  std::string finding = code.module->run(launch, code.options, &counters);
  if (finding.empty() && counters.sharedBankConflicts != 0) {
    finding = "bank conflicts: kernel '" + launch.kernel +
              "': " + std::to_string(counters.sharedBankConflicts) + " extra cycles in " +
              std::to_string(counters.sharedAccesses) + " accesses of shared memory";
  }
  return finding;
}

/// Runs a dispatch. Returns the simulator's finding; empty if there is none.
std::string runEntry(const Entry &entry, cria_code *code) {
  switch (entry.kind) {
  case EntryKind::kernel: {
    const std::lock_guard lock(code->mutex);
    return runKernel(entry.launch, *code);
  }
  case EntryKind::copy:
    copyBytes(*entry.destination.buffer, entry.destination.offset, *entry.source.buffer, entry.source.offset,
              entry.destination.size);
    break;
  case EntryKind::fill:
    fillBytes(*entry.destination.buffer, entry.destination.offset, entry.destination.size, entry.fillValue);
    break;
  }
  return "";
}

} // namespace

Check recordEntries(cria_code *code, const cria_record_info &info, std::unique_ptr<cria_recording> &out) {
  out = std::make_unique<cria_recording>();
  out->code = code;
  out->entries.resize(info.num_entries);
  return plugin::recordEach(
      info, [&](const cria_entry &entry, uint32_t i) { return recordEntry(entry, code, out->entries[i]); });
}

Check replayEntries(cria_recording &recording, const int32_t *cancel, plugin::Profile &profile) {
  return plugin::replayEach(recording.entries.size(), cancel, profile, [&](size_t i) -> Check {
    const Entry &entry = recording.entries[i];
    const std::string finding = runEntry(entry, recording.code);
    return finding.empty()
               ? Check{}
               : plugin::refuse(CRIA_STATUS_INTERNAL, plugin::entryText(i, entry.name) + ": " + finding);
  });
}

} // namespace cria::gpusim
