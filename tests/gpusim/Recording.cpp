// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Records entries (all checks) and replays them through the simulator.
#include "Backend.h"

#include "plugins/api/kernel_abi.h"

#include <fmt/format.h>

namespace cria::gpusim {

namespace {

using plugin::view;

struct Check {
  cria_status status = CRIA_STATUS_OK;
  std::string text;
  bool failed() const { return status != CRIA_STATUS_OK; }
};

Check invalid(std::string text) { return {CRIA_STATUS_INVALID_ARGUMENT, std::move(text)}; }

Check checkOperand(const cria_operand &operand, uint64_t alignment) {
  const std::string_view name = view(operand.name);
  if (operand.buffer == nullptr || !plugin::host::contains(*operand.buffer, operand.offset, operand.size)) {
    return invalid(fmt::format("operand '{}': {} bytes at offset {} reach outside its buffer", name,
                               operand.size, operand.offset));
  }
  if (operand.offset % alignment != 0) {
    return invalid(
        fmt::format("operand '{}': offset {} is not a multiple of {}", name, operand.offset, alignment));
  }
  if (operand.access == 0 || operand.access > CRIA_ACCESS_READ_WRITE) {
    return invalid(fmt::format("operand '{}': unknown access {}", name, operand.access));
  }
  return {};
}

// What a launch on a device would refuse.
Check checkLaunch(const cria_entry &entry, const KernelInfo &kernel) {
  constexpr uint32_t kMaxSide = 65535;
  constexpr uint64_t kMaxShared = 227 << 10;
  const uint64_t threads = uint64_t{entry.block[0]} * entry.block[1] * entry.block[2];
  if (threads == 0 || threads > 1024) {
    return invalid(fmt::format("a block has 1 to 1024 threads, got {}", threads));
  }
  for (int i = 0; i < 3; ++i) {
    if (kernel.maxThreads[0] != 0 && entry.block[i] != kernel.maxThreads[i]) {
      return invalid(fmt::format("the kernel was made for a block of {} × {} × {}", kernel.maxThreads[0],
                                 kernel.maxThreads[1], kernel.maxThreads[2]));
    }
  }
  if (entry.grid[0] > INT32_MAX || entry.grid[1] > kMaxSide || entry.grid[2] > kMaxSide) {
    return invalid(fmt::format("a grid has at most {} × {} × {} blocks", INT32_MAX, kMaxSide, kMaxSide));
  }
  if (entry.scratch_bytes > kMaxShared) {
    return invalid(fmt::format("a block has at most {} bytes of shared memory, got {}", kMaxShared,
                               entry.scratch_bytes));
  }
  if (kernel.numParameters != entry.num_operands) {
    return invalid(fmt::format("the kernel has {} parameters, the entry {} operands", kernel.numParameters,
                               entry.num_operands));
  }
  return entry.num_attributes == 0 ? Check{} : invalid("a kernel has no attributes");
}

Check recordKernel(const cria_entry &entry, const cria_code *code, Entry &out) {
  const std::string name(view(entry.name));
  const KernelInfo *kernel = code != nullptr ? code->module->find(name) : nullptr;
  if (kernel == nullptr) {
    return {CRIA_STATUS_NOT_FOUND, "the code has no such kernel"};
  }
  if (Check check = checkLaunch(entry, *kernel); check.failed()) {
    return check;
  }
  out.launch.kernel = name;
  std::copy(std::begin(entry.grid), std::end(entry.grid), out.launch.grid);
  std::copy(std::begin(entry.block), std::end(entry.block), out.launch.block);
  out.launch.sharedBytes = entry.scratch_bytes;
  for (uint32_t i = 0; i < entry.num_operands; ++i) {
    const cria_operand &operand = *entry.operands[i];
    out.launch.parameters.push_back({.data = operand.buffer->data + operand.offset,
                                     .size = operand.size,
                                     .writable = (operand.access & CRIA_ACCESS_WRITE) != 0,
                                     .name = std::string(view(operand.name))});
  }
  return {};
}

Check recordEntry(const cria_entry &entry, const cria_code *code, Entry &out) {
  const bool isKernel = entry.kind == CRIA_ENTRY_KERNEL;
  const bool isCopy = entry.kind == CRIA_ENTRY_COPY, isFill = entry.kind == CRIA_ENTRY_FILL;
  if (!isKernel && !isCopy && !isFill) {
    return {CRIA_STATUS_UNSUPPORTED, "the simulator runs kernels, copies and fills"};
  }
  for (uint32_t i = 0; i < entry.num_operands; ++i) {
    const cria_operand &operand = *entry.operands[i];
    if (Check check = checkOperand(operand, isKernel ? CRIA_KERNEL_ALIGNMENT : 1); check.failed()) {
      return check;
    }
    out.buffers.push_back(operand.buffer);
    out.offsets.push_back(operand.offset);
  }
  out.kind = entry.kind;
  out.fillValue = entry.fill_value;
  if (isKernel) {
    return recordKernel(entry, code, out);
  }
  if (entry.num_operands != (isCopy ? 2u : 1u)) {
    return invalid(fmt::format("expected {} operands, got {}", isCopy ? 2 : 1, entry.num_operands));
  }
  out.size = entry.operands[entry.num_operands - 1]->size;
  if (isCopy ? entry.operands[0]->size != out.size : (out.size | out.offsets[0]) % 4 != 0) {
    return invalid("sizes must be equal, and those of a fill multiples of 4");
  }
  return {};
}

// Also what a queue's copy and fill do.
void runBytes(const Entry &entry, cria_context &context) {
  std::byte *to = entry.buffers.back()->data + entry.offsets.back();
  uint8_t *shadow = context.shadow(entry.buffers.back(), entry.offsets.back());
  if (entry.kind == CRIA_ENTRY_COPY) {
    std::memmove(to, entry.buffers[0]->data + entry.offsets[0], entry.size);
    std::memmove(shadow, context.shadow(entry.buffers[0], entry.offsets[0]), entry.size);
    return;
  }
  plugin::host::fillWords(to, entry.size, entry.fillValue);
  std::memset(shadow, isPoison(entry.fillValue) ? 0 : 1, entry.size);
}

std::string runEntry(Entry &entry, cria_context &context, cria_code *code) {
  if (entry.kind != CRIA_ENTRY_KERNEL) {
    runBytes(entry, context);
    return {};
  }
  for (size_t i = 0; i < entry.buffers.size(); ++i) {
    entry.launch.parameters[i].initialised = context.shadow(entry.buffers[i], entry.offsets[i]);
  }
  return code->module->run(entry.launch, context.options);
}

} // namespace

cria_status recordEntries(cria_context &context, cria_code *code, const cria_record_info &info,
                          std::unique_ptr<cria_recording> &out, cria_message *message) {
  auto recording = std::make_unique<cria_recording>();
  recording->context = &context;
  recording->code = code;
  recording->entries.resize(info.num_entries);
  for (uint32_t i = 0; i < info.num_entries; ++i) {
    const Check check = recordEntry(*info.entries[i], code, recording->entries[i]);
    if (check.failed()) {
      return plugin::report(message, check.status,
                            fmt::format("entry {} '{}': {}", i, view(info.entries[i]->name), check.text));
    }
  }
  out = std::move(recording);
  return CRIA_STATUS_OK;
}

} // namespace cria::gpusim

namespace cria::plugin {

cria_status replayRecording(cria_recording &recording, const int32_t *cancel, Profile &profile,
                            cria_message *message) {
  const std::lock_guard lock(recording.context->mutex);
  profile.nanoseconds.assign(profile.enabled ? recording.entries.size() : 0, 0);
  for (size_t i = 0; i < recording.entries.size(); ++i) {
    if (isCancelled(cancel)) {
      return report(message, CRIA_STATUS_CANCELLED, "the step was cancelled");
    }
    const EntryTimer timer(profile, i);
    const std::string finding = gpusim::runEntry(recording.entries[i], *recording.context, recording.code);
    if (!finding.empty()) {
      return report(message, CRIA_STATUS_INTERNAL, finding);
    }
  }
  return CRIA_STATUS_OK;
}

} // namespace cria::plugin
