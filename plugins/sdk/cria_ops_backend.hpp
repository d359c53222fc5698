// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria_ops_backend.hpp - a backend for format "cria.ops.v1" on host memory, except for the ops themselves:
// a library of math functions becomes a backend that implements a subset of the ops. Optional C++20
// conveniences over cria_plugin.h. A plugin includes this header in one file and answers its query with
// answerOpsBackend().
//
//   void add(const OpCall &call);   // operands and attributes by name, checked against the opset
//   static const OpImplementation kOps[] = {{"add", add}};
//   return answerOpsBackend(host, out, message, "1.0", "What the list of plugins says",
//                           {.name = "mine", .device = "host memory", .ops = kOps});
#pragma once

#include "cria_host_backend.hpp"
#include "cria_ops_call.hpp"

#include <span>

namespace cria::plugin {

/// The description of a backend. Everything that it refers to lives until the process ends.
struct OpsBackend {
  std::string_view name; // as in the plugin manifest
  std::string_view device, deviceDescription;
  std::span<const OpImplementation> ops;
  uint32_t opset = 1; // the highest version that `ops` implement, with every older one
  uint32_t score = 100;
  uint32_t flags = 0; // CRIA_BACKEND_*
};

} // namespace cria::plugin

struct cria_context {};
struct cria_code {};

/// The prepared entries of a command buffer.
struct cria_recording {
  struct Entry {
    uint32_t kind = CRIA_ENTRY_OP;
    const cria::plugin::OpImplementation *op = nullptr;
    cria::plugin::OpCall call;
    cria::plugin::host::Transfer transfer; // of a copy or fill
  };
  std::vector<Entry> entries;
};

namespace cria::plugin::ops {

inline OpsBackend &backend() { // the backend of this library
  static OpsBackend kBackend;
  return kBackend;
}

inline std::string quoted(std::string_view name) { return "'" + std::string(name) + "'"; }
[[noreturn]] inline void refuse(cria_status status, const std::string &text) { throw Refusal(status, text); }

inline void checkOperand(const opset::Operand &signature, const cria_operand &operand) {
  const std::string who = "operand " + quoted(signature.name);
  if (operand.rank != signature.extents.size()) {
    refuse(CRIA_STATUS_INVALID_ARGUMENT, who + ": expected rank " + std::to_string(signature.extents.size()) +
                                             ", got " + std::to_string(operand.rank));
  }
  const uint64_t elementSize = sizeOfType(operand.type);
  if (operand.offset % elementSize != 0 || !host::elementsFit(operand, elementSize) ||
      checkRange("", operand.buffer->size, operand.offset, operand.size).failed()) {
    refuse(CRIA_STATUS_INVALID_ARGUMENT,
           who + ": expected aligned elements inside the window of " + std::to_string(operand.size) +
               " bytes at offset " + std::to_string(operand.offset) + ", and the window inside a buffer of " +
               std::to_string(operand.buffer->size) + " bytes");
  }
  if (signature.access != CRIA_ACCESS_READ &&
      ((operand.access & CRIA_ACCESS_WRITE) == 0 || !operand.buffer->owned)) {
    refuse(CRIA_STATUS_INVALID_ARGUMENT,
           who + " is a result: expected write access to memory that is not read-only");
  }
}

inline void bindOperand(const opset::Op &op, const cria_operand &operand, OpCall &call) {
  const std::string_view name = view(operand.name);
  if (operand.buffer == nullptr) {
    refuse(CRIA_STATUS_INVALID_ARGUMENT, "operand " + quoted(name) + " has no buffer");
  }
  if (opset::findOperand(op, name) == nullptr) {
    if (operand.required != 0) {
      refuse(CRIA_STATUS_UNSUPPORTED, "unknown required operand " + quoted(name));
    }
    return;
  }
  const opset::Operand *signature = opset::findOperand(op, name, operand.type);
  if (signature == nullptr) {
    refuse(CRIA_STATUS_UNSUPPORTED,
           "operand " + quoted(name) + " has unsupported type " + std::to_string(operand.type));
  }
  checkOperand(*signature, operand);
  OpOperand bound{.data = operand.buffer->data + operand.offset, .type = operand.type, .rank = operand.rank};
  std::copy_n(operand.shape, operand.rank, bound.shape.begin());
  std::copy_n(operand.strides, operand.rank, bound.strides.begin());
  if (!call.operands.emplace(name, bound).second) {
    refuse(CRIA_STATUS_INVALID_ARGUMENT, "expected one operand " + quoted(name) + ", got two");
  }
}

inline void bindAttribute(const opset::Op &op, const cria_attribute &attribute, OpCall &call) {
  const std::string_view name = view(attribute.name);
  const opset::Attribute *signature = opset::findAttribute(op, name);
  if (signature == nullptr) {
    refuse(CRIA_STATUS_UNSUPPORTED, "unknown attribute " + quoted(name));
  }
  const std::string_view text = attribute.type == CRIA_ATTRIBUTE_STRING ? view(attribute.text) : "";
  if (signature->type != attribute.type) {
    refuse(CRIA_STATUS_INVALID_ARGUMENT, "attribute " + quoted(name) + ": expected type " +
                                             std::to_string(signature->type) + ", got " +
                                             std::to_string(attribute.type));
  }
  if (opset::findAttribute(op, name, text) == nullptr) {
    refuse(CRIA_STATUS_UNSUPPORTED, "attribute " + quoted(name) + " has unknown value " + quoted(text));
  }
  if (attribute.type == CRIA_ATTRIBUTE_STRING) {
    call.texts.emplace(name, text);
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

/// Checks that the implementation declares the class of activations.
inline void checkActivations(const OpImplementation &op, const OpCall &call) {
  const auto stated = call.texts.find("activations");
  if (stated == call.texts.end() || stated->second == "f32" ||
      std::find(op.activations.begin(), op.activations.end(), stated->second) != op.activations.end()) {
    return;
  }
  const std::string_view name = stated->second;
  std::string declared = "f32";
  for (const std::string_view each : op.activations) {
    declared += ", " + std::string(each);
  }
  refuse(CRIA_STATUS_UNSUPPORTED, "the backend " + quoted(backend().name) + " does not run activations " +
                                      quoted(name) + "; it declares " + declared);
}

/// Checks that dimensions with equal letters in the signature are equal.
inline void checkExtents(const opset::Op &op, const OpCall &call) {
  std::map<char, uint64_t> dimensions;
  for (const opset::Operand &signature : op.operands) {
    const OpOperand *operand = call.find(signature.name);
    if (operand == nullptr || !opset::accepts(signature.types, operand->type)) {
      continue; // absent, or bound by another signature of the operand
    }
    for (size_t d = 0; d < signature.extents.size(); ++d) {
      const char letter = signature.extents[d];
      const uint64_t expected = dimensions.emplace(letter, operand->shape[d]).first->second;
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
  checkActivations(*implementation, recorded.call);
  if (recorded.op->check != nullptr) {
    if (const std::string wrong = recorded.op->check(recorded.call); !wrong.empty()) {
      refuse(CRIA_STATUS_INVALID_ARGUMENT, wrong);
    }
  }
}

inline Check recordEntry(const cria_entry &entry, cria_recording::Entry &recorded) {
  recorded.kind = entry.kind;
  if (entry.kind == CRIA_ENTRY_OP) {
    recordOp(entry, recorded);
    return {};
  }
  return entry.kind == CRIA_ENTRY_COPY || entry.kind == CRIA_ENTRY_FILL
             ? recorded.transfer.resolve(entry)
             : plugin::refuse(CRIA_STATUS_UNSUPPORTED,
                              "the backend " + quoted(backend().name) +
                                  " runs ops, copies and fills, not entries of kind " +
                                  std::to_string(entry.kind));
}

inline Check runEntry(const cria_recording::Entry &entry, size_t index) {
  if (entry.kind != CRIA_ENTRY_OP) {
    entry.transfer.run();
    return {};
  }
  if (entry.op->checkIndices != nullptr) {
    if (const std::string wrong = entry.op->checkIndices(entry.call); !wrong.empty()) {
      return invalid("entry " + std::to_string(index) + ": " + wrong);
    }
  }
  entry.op->run(entry.call);
  return {};
}

/// The backend of this library, for BackendFunctions.
struct Backend : HostMemory {
  static uint32_t deviceCount() { return 1; }

  static Check deviceInfo(uint32_t device, cria_device_info &out) {
    out.name = string(backend().device);
    out.description = string(backend().deviceDescription);
    return checkOnlyDevice(device, backend().name);
  }

  static std::string misfit(const cria_executable_info &info) {
    if (view(info.format) != opset::kFormat) {
      return "expected format " + quoted(opset::kFormat) + ", got " + quoted(view(info.format));
    }
    const uint32_t version = backend().opset;
    if (info.kernel_abi >= 1 && info.kernel_abi <= version) {
      return "";
    }
    return "expected opset " + (version == 1 ? std::string("1") : "1 to " + std::to_string(version)) +
           ", got " + std::to_string(info.kernel_abi) + "; compile the model with --target ops --for " +
           std::string(backend().name);
  }

  static Check probe(uint32_t device, const cria_executable_info &info, CodeScore &out) {
    out.reason = misfit(info);
    out.score = out.reason.empty() ? backend().score : 0;
    return checkOnlyDevice(device, backend().name);
  }

  /// Accepts CRIA_OPEN_POISON_SCRATCH, which has no effect, since there is no scratch memory.
  static Check open(const cria_open_options &options, std::unique_ptr<cria_context> &out) {
    if (Check check = checkOnlyDevice(options.device, backend().name); check.failed()) {
      return check;
    }
    out = std::make_unique<cria_context>();
    return checkOpenFlags(options.flags, CRIA_OPEN_POISON_SCRATCH);
  }

  static Check load(cria_context &, const cria_executable &executable, std::unique_ptr<cria_code> &out) {
    out = std::make_unique<cria_code>();
    const std::string reason = misfit(*executable.info);
    return reason.empty() ? Check{} : plugin::refuse(CRIA_STATUS_INCOMPATIBLE_CODE, reason);
  }

  static Check record(cria_context &, cria_code *, const cria_record_info &info,
                      std::unique_ptr<cria_recording> &out) {
    out = std::make_unique<cria_recording>();
    out->entries.resize(info.num_entries);
    return recordEach(
        info, [&](const cria_entry &entry, uint32_t i) { return recordEntry(entry, out->entries[i]); });
  }

  static Check replay(cria_queue &queue, cria_recording &recording, const int32_t *cancel) {
    return replayEach(recording.entries.size(), cancel, queue.profile,
                      [&](size_t i) { return runEntry(recording.entries[i], i); });
  }
};

} // namespace cria::plugin::ops

namespace cria::plugin {

/// Answers cria_plugin_query with the one backend of this library.
inline cria_status answerOpsBackend(const cria_host *host, cria_plugin *out, cria_message *message,
                                    std::string_view version, std::string_view description,
                                    const OpsBackend &described) {
  ops::backend() = described;
  return answerBackend<ops::Backend>(host, out, message, described.name, version, description,
                                     described.flags);
}

} // namespace cria::plugin
