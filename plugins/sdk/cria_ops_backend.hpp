// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria_ops_backend.hpp - a whole backend for format "cria.ops.v1" on host memory, but for the ops themselves:
// a library of math functions becomes a backend by implementing those it has. Optional C++20 conveniences
// over cria_plugin.h; a plugin includes this in one file and answers its query with the table of
// opsBackend().
//
//   void add(const OpCall &call);   // operands and attributes by name, checked against the opset
//   static const OpImplementation kOps[] = {{"add", add}};
//   static const cria_backend_api kApi = opsBackend({.name = "mine", .device = "host memory", .ops = kOps});
#pragma once

#include "cria_host_backend.hpp"
#include "cria_ops_call.hpp"

#include <span>

namespace cria::plugin {

/// What is said of the backend. All of it lives until the process ends.
struct OpsBackend {
  std::string_view name; // as in the sidecar
  std::string_view device, deviceDescription;
  std::span<const OpImplementation> ops;
  uint32_t score = 100;
  uint32_t flags = 0; // CRIA_BACKEND_*
};

} // namespace cria::plugin

struct cria_context {};
struct cria_code {};

/// Entries as they are replayed.
struct cria_recording {
  struct Entry {
    uint32_t kind = CRIA_ENTRY_OP;
    const cria::plugin::OpImplementation *op = nullptr;
    cria::plugin::OpCall call;
    std::byte *destination = nullptr; // copy and fill
    const std::byte *source = nullptr;
    uint64_t size = 0;
    uint32_t fillValue = 0;
  };
  std::vector<Entry> entries;
};

namespace cria::plugin::ops {

inline OpsBackend &backend() { // of this library
  static OpsBackend kBackend;
  return kBackend;
}

inline std::string quoted(std::string_view name) { return "'" + std::string(name) + "'"; }
[[noreturn]] inline void refuse(cria_status status, const std::string &text) { throw Refusal(status, text); }

inline uint64_t sizeOfType(uint32_t type) {
  return type == CRIA_TYPE_F16 || type == CRIA_TYPE_BF16 ? 2
         : type == CRIA_TYPE_U8 || type == CRIA_TYPE_I8  ? 1
                                                         : 4;
}

inline void checkOperand(const opset::Operand &signature, const cria_operand &operand) {
  const std::string who = "operand " + quoted(signature.name);
  if (!opset::accepts(signature.types, operand.type)) {
    refuse(CRIA_STATUS_UNSUPPORTED, who + " has unsupported type " + std::to_string(operand.type));
  }
  if (operand.rank != signature.extents.size()) {
    refuse(CRIA_STATUS_INVALID_ARGUMENT, who + ": expected rank " + std::to_string(signature.extents.size()) +
                                             ", got " + std::to_string(operand.rank));
  }
  const uint64_t elementSize = sizeOfType(operand.type);
  if (operand.offset % elementSize != 0 || !host::elementsFit(operand, elementSize) ||
      !host::contains(*operand.buffer, operand.offset, operand.size)) {
    refuse(CRIA_STATUS_INVALID_ARGUMENT,
           who + ": its elements must lie aligned inside its window of " + std::to_string(operand.size) +
               " bytes at offset " + std::to_string(operand.offset) + ", and the window inside a buffer of " +
               std::to_string(operand.buffer->size) + " bytes");
  }
  if (signature.access != CRIA_ACCESS_READ &&
      ((operand.access & CRIA_ACCESS_WRITE) == 0 || !operand.buffer->owned)) {
    refuse(CRIA_STATUS_INVALID_ARGUMENT, who + " is a result: expected writable memory");
  }
}

inline void bindOperand(const opset::Op &op, const cria_operand &operand, OpCall &call) {
  const std::string_view name = view(operand.name);
  const auto signature = std::find_if(op.operands.begin(), op.operands.end(),
                                      [&](const auto &candidate) { return candidate.name == name; });
  if (signature == op.operands.end()) {
    if (operand.required != 0) {
      refuse(CRIA_STATUS_UNSUPPORTED, "unknown required operand " + quoted(name));
    }
    return;
  }
  checkOperand(*signature, operand);
  OpOperand bound{.data = operand.buffer->data + operand.offset, .type = operand.type, .rank = operand.rank};
  std::copy_n(operand.shape, operand.rank, bound.shape.begin());
  std::copy_n(operand.strides, operand.rank, bound.strides.begin());
  call.operands.emplace(name, bound);
}

inline void bindAttribute(const opset::Op &op, const cria_attribute &attribute, OpCall &call) {
  const std::string_view name = view(attribute.name);
  const auto signature = std::find_if(op.attributes.begin(), op.attributes.end(),
                                      [&](const auto &candidate) { return candidate.name == name; });
  if (signature == op.attributes.end()) {
    refuse(CRIA_STATUS_UNSUPPORTED, "unknown attribute " + quoted(name));
  }
  if (signature->type != attribute.type) {
    refuse(CRIA_STATUS_INVALID_ARGUMENT, "attribute " + quoted(name) + " has the wrong type");
  }
  if (attribute.type == CRIA_ATTRIBUTE_STRING) {
    call.texts.emplace(name, view(attribute.text));
  } else if (attribute.type == CRIA_ATTRIBUTE_INT) {
    call.integers.emplace(name, attribute.integer);
  } else {
    call.numbers.emplace(name, attribute.number);
  }
}

inline void checkComplete(const opset::Op &op, const OpCall &call) {
  for (const opset::Operand &operand : op.operands) {
    if (!operand.isOptional && call.find(operand.name) == nullptr) {
      refuse(CRIA_STATUS_INVALID_ARGUMENT, "operand " + quoted(operand.name) + " is missing");
    }
  }
  for (const opset::Attribute &attribute : op.attributes) {
    const bool given = call.numbers.contains(attribute.name) || call.integers.contains(attribute.name) ||
                       call.texts.contains(attribute.name);
    if (!attribute.isOptional && !given) {
      refuse(CRIA_STATUS_INVALID_ARGUMENT, "attribute " + quoted(attribute.name) + " is missing");
    }
  }
}

// Equal letters in the signature are equal extents.
inline void checkExtents(const opset::Op &op, const OpCall &call) {
  std::map<char, uint64_t> extents;
  for (const opset::Operand &signature : op.operands) {
    const OpOperand *operand = call.find(signature.name);
    for (size_t d = 0; operand != nullptr && d < signature.extents.size(); ++d) {
      const char letter = signature.extents[d];
      const uint64_t expected = extents.emplace(letter, operand->shape[d]).first->second;
      if (letter != '.' && operand->shape[d] != expected) {
        refuse(CRIA_STATUS_INVALID_ARGUMENT, "operand " + quoted(signature.name) + ": expected " + letter +
                                                 " = " + std::to_string(expected) + " in dimension " +
                                                 std::to_string(d) + ", got " +
                                                 std::to_string(operand->shape[d]));
      }
    }
  }
}

inline void recordOp(const cria_entry &entry, cria_recording::Entry &recorded) {
  const std::string_view name = view(entry.name);
  const opset::Op *op = opset::find(name);
  const auto implementation = std::find_if(backend().ops.begin(), backend().ops.end(),
                                           [&](const OpImplementation &each) { return each.name == name; });
  if (op == nullptr || implementation == backend().ops.end()) {
    refuse(CRIA_STATUS_UNSUPPORTED, op == nullptr
                                        ? "unknown op; the backend " + quoted(backend().name) +
                                              " runs opset " + std::to_string(opset::kVersion)
                                        : "the backend " + quoted(backend().name) + " does not run this op");
  }
  recorded.op = &*implementation;
  for (uint32_t i = 0; i < entry.num_operands; ++i) {
    bindOperand(*op, *entry.operands[i], recorded.call);
  }
  for (uint32_t i = 0; i < entry.num_attributes; ++i) {
    bindAttribute(*op, *entry.attributes[i], recorded.call);
  }
  checkComplete(*op, recorded.call);
  checkExtents(*op, recorded.call);
  if (recorded.op->check != nullptr) {
    if (const std::string wrong = recorded.op->check(recorded.call); !wrong.empty()) {
      refuse(CRIA_STATUS_INVALID_ARGUMENT, wrong);
    }
  }
}

inline void recordBytes(const cria_entry &entry, cria_recording::Entry &recorded) {
  if (const Check check = checkBytes(entry, host::factsOf); check.failed()) {
    refuse(check.status, check.text);
  }
  const cria_operand &destination = *entry.operands[entry.num_operands - 1];
  recorded.destination = destination.buffer->data + destination.offset;
  recorded.size = destination.size;
  recorded.fillValue = entry.fill_value;
  if (entry.kind == CRIA_ENTRY_COPY) {
    recorded.source = entry.operands[0]->buffer->data + entry.operands[0]->offset;
  }
}

inline void recordEntry(const cria_entry &entry, cria_recording::Entry &recorded) {
  if (entry.reserved != 0) {
    refuse(CRIA_STATUS_INVALID_ARGUMENT, "a reserved field is not zero");
  }
  recorded.kind = entry.kind;
  if (entry.kind == CRIA_ENTRY_OP) {
    recordOp(entry, recorded);
  } else if (entry.kind == CRIA_ENTRY_COPY || entry.kind == CRIA_ENTRY_FILL) {
    recordBytes(entry, recorded);
  } else {
    refuse(CRIA_STATUS_UNSUPPORTED, "the backend " + quoted(backend().name) +
                                        " runs ops, copies and fills, not entries of kind " +
                                        std::to_string(entry.kind));
  }
}

inline cria_status record(cria_context *, cria_code *, const cria_record_info *info, cria_recording **out,
                          cria_message *message) {
  return handOut(out, message, [&](std::unique_ptr<cria_recording> &recording) {
    recording = std::make_unique<cria_recording>();
    recording->entries.resize(info->num_entries);
    for (uint32_t i = 0; i < info->num_entries; ++i) {
      try {
        recordEntry(*info->entries[i], recording->entries[i]);
      } catch (const Refusal &refusal) {
        refuse(refusal.status(), entryText(i, view(info->entries[i]->name)) + ": " + refusal.what());
      }
    }
    return CRIA_STATUS_OK;
  });
}

inline void recordingFree(cria_context *, cria_recording *recording) { delete recording; }

inline cria_status deviceCount(uint32_t *count, cria_message *) {
  *count = 1;
  return CRIA_STATUS_OK;
}

inline cria_status noDevice(cria_message *message) {
  return guarded(message, [&] {
    return report(message, CRIA_STATUS_NOT_FOUND,
                  "the backend " + quoted(backend().name) + " has one device, number 0");
  });
}

inline cria_status deviceInfo(uint32_t device, cria_device_info *out, cria_message *message) {
  if (device != 0) {
    return noDevice(message);
  }
  out->name = string(backend().device);
  out->description = string(backend().deviceDescription);
  return CRIA_STATUS_OK;
}

inline cria_status probe(uint32_t, const cria_executable_info *info, uint32_t *score, cria_message *message) {
  return guarded(message, [&] {
    *score = 0;
    if (view(info->format) != opset::kFormat) {
      return report(message, CRIA_STATUS_OK,
                    "runs format " + quoted(opset::kFormat) + ", not " + quoted(view(info->format)));
    }
    if (info->kernel_abi != opset::kVersion) {
      return report(message, CRIA_STATUS_OK,
                    "runs opset " + std::to_string(opset::kVersion) + ", not " +
                        std::to_string(info->kernel_abi));
    }
    *score = backend().score;
    return CRIA_STATUS_OK;
  });
}

inline cria_status open(const cria_open_options *options, cria_context **out, cria_message *message) {
  if (options->device != 0) {
    return noDevice(message);
  }
  if ((options->flags & ~CRIA_OPEN_POISON_SCRATCH) != 0) { // there is no scratch to poison
    return report(message, CRIA_STATUS_UNSUPPORTED, "flags that this backend does not know");
  }
  return guarded(message, [&] {
    *out = new cria_context{};
    return CRIA_STATUS_OK;
  });
}

inline void close(cria_context *context) { delete context; }

inline cria_status load(cria_context *, const cria_executable *executable, cria_code **out,
                        cria_message *message) {
  if (executable->reserved != 0) {
    return refuseReserved(message, "executable");
  }
  if (view(executable->info->format) != opset::kFormat || executable->info->kernel_abi != opset::kVersion) {
    return report(message, CRIA_STATUS_INCOMPATIBLE_CODE, "expected format 'cria.ops.v1' with opset 1");
  }
  return guarded(message, [&] {
    *out = new cria_code{};
    return CRIA_STATUS_OK;
  });
}

inline void unload(cria_context *, cria_code *code) { delete code; }

inline void runEntry(const cria_recording::Entry &entry) {
  switch (entry.kind) {
  case CRIA_ENTRY_OP:
    return entry.op->run(entry.call);
  case CRIA_ENTRY_COPY:
    std::memmove(entry.destination, entry.source, entry.size);
    return;
  default:
    return host::fillWords(entry.destination, entry.size, entry.fillValue);
  }
}

} // namespace cria::plugin::ops

namespace cria::plugin {

inline cria_status replayRecording(cria_recording &recording, const int32_t *cancel, Profile &profile,
                                   cria_message *message) {
  profile.nanoseconds.assign(profile.enabled ? recording.entries.size() : 0, 0);
  for (size_t i = 0; i < recording.entries.size(); ++i) {
    const cria_recording::Entry &entry = recording.entries[i];
    if (isCancelled(cancel)) {
      return report(message, CRIA_STATUS_CANCELLED, "the step was cancelled");
    }
    if (entry.kind == CRIA_ENTRY_OP && entry.op->checkIndices != nullptr) {
      if (const std::string wrong = entry.op->checkIndices(entry.call); !wrong.empty()) {
        return report(message, CRIA_STATUS_INVALID_ARGUMENT, "entry " + std::to_string(i) + ": " + wrong);
      }
    }
    const EntryTimer timer(profile, i);
    ops::runEntry(entry);
  }
  return CRIA_STATUS_OK;
}

/// The table of the one backend of this library.
inline cria_backend_api opsBackend(const OpsBackend &described) {
  ops::backend() = described;
  cria_backend_api api{};
  api.struct_size = sizeof(api);
  api.flags = described.flags;
  api.device_count = ops::deviceCount;
  api.device_info = ops::deviceInfo;
  api.probe = ops::probe;
  api.open = ops::open;
  api.close = ops::close;
  api.load = ops::load;
  api.unload = ops::unload;
  api.record = ops::record;
  api.recording_free = ops::recordingFree;
  installHostMemory(api);
  return api;
}

} // namespace cria::plugin
