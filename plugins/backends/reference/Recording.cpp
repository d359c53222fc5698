// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Turns the host's entries into op calls and runs them. Checks that names, types and ranks are those of the
// opset and that every operand's last element lies inside its window.
#include "Recording.h"

#include <algorithm>

namespace cria::reference {
namespace {

/// Refusal with the text to show.
struct Refusal {
  cria_status status;
  std::string text;
};
using Checked = std::unique_ptr<Refusal>; // null: fine

Checked refuse(cria_status status, std::string text) {
  return std::make_unique<Refusal>(Refusal{status, std::move(text)});
}

std::string quoted(std::string_view name) { return "'" + std::string(name) + "'"; }

Checked checkOperand(const opset::Operand &signature, const cria_operand &operand) {
  if (!opset::accepts(signature.types, operand.type)) {
    return refuse(CRIA_STATUS_UNSUPPORTED, "operand " + quoted(signature.name) + " has unsupported type " +
                                               std::to_string(operand.type));
  }
  if (operand.rank != signature.extents.size()) {
    return refuse(CRIA_STATUS_INVALID_ARGUMENT, "operand " + quoted(signature.name) + ": expected rank " +
                                                    std::to_string(signature.extents.size()) + ", got " +
                                                    std::to_string(operand.rank));
  }
  const uint64_t elementSize = sizeOfType(operand.type);
  if (operand.offset % elementSize != 0 || !plugin::host::elementsFit(operand, elementSize) ||
      !plugin::host::contains(*operand.buffer, operand.offset, operand.size)) {
    return refuse(
        CRIA_STATUS_INVALID_ARGUMENT,
        "operand " + quoted(signature.name) + ": its elements must lie aligned inside its window of " +
            std::to_string(operand.size) + " bytes at offset " + std::to_string(operand.offset) +
            ", and the window inside a buffer of " + std::to_string(operand.buffer->size) + " bytes");
  }
  if (signature.access != CRIA_ACCESS_READ &&
      ((operand.access & CRIA_ACCESS_WRITE) == 0 || !operand.buffer->owned)) {
    return refuse(CRIA_STATUS_INVALID_ARGUMENT,
                  "operand " + quoted(signature.name) + " is a result: expected writable memory");
  }
  return nullptr;
}

Tensor makeTensor(const cria_operand &operand) {
  Tensor tensor{.data = operand.buffer->data + operand.offset, .type = operand.type, .rank = operand.rank};
  std::copy_n(operand.shape, operand.rank, tensor.shape.begin());
  std::copy_n(operand.strides, operand.rank, tensor.strides.begin());
  return tensor;
}

Checked bindOperand(const opset::Op &op, const cria_operand &operand, OpCall &call) {
  const std::string_view name = plugin::view(operand.name);
  const auto signature = std::find_if(op.operands.begin(), op.operands.end(),
                                      [&](const auto &candidate) { return candidate.name == name; });
  if (signature == op.operands.end()) {
    return operand.required != 0 ? refuse(CRIA_STATUS_UNSUPPORTED, "unknown required operand " + quoted(name))
                                 : nullptr;
  }
  if (Checked refusal = checkOperand(*signature, operand)) {
    return refusal;
  }
  call.operands.emplace(name, makeTensor(operand));
  return nullptr;
}

Checked bindAttribute(const opset::Op &op, const cria_attribute &attribute, OpCall &call) {
  const std::string_view name = plugin::view(attribute.name);
  const auto signature = std::find_if(op.attributes.begin(), op.attributes.end(),
                                      [&](const auto &candidate) { return candidate.name == name; });
  if (signature == op.attributes.end()) {
    return refuse(CRIA_STATUS_UNSUPPORTED, "unknown attribute " + quoted(name));
  }
  if (signature->type != attribute.type) {
    return refuse(CRIA_STATUS_INVALID_ARGUMENT, "attribute " + quoted(name) + " has the wrong type");
  }
  if (attribute.type == CRIA_ATTRIBUTE_STRING) {
    call.texts.emplace(name, plugin::view(attribute.text));
  } else if (attribute.type == CRIA_ATTRIBUTE_INT) {
    call.integers.emplace(name, attribute.integer);
  } else {
    call.numbers.emplace(name, attribute.number);
  }
  return nullptr;
}

Checked checkComplete(const opset::Op &op, const OpCall &call) {
  for (const opset::Operand &operand : op.operands) {
    if (!operand.isOptional && call.operands.find(operand.name) == call.operands.end()) {
      return refuse(CRIA_STATUS_INVALID_ARGUMENT, "operand " + quoted(operand.name) + " is missing");
    }
  }
  for (const opset::Attribute &attribute : op.attributes) {
    const bool given = call.numbers.contains(attribute.name) || call.integers.contains(attribute.name) ||
                       call.texts.contains(attribute.name);
    if (!attribute.isOptional && !given) {
      return refuse(CRIA_STATUS_INVALID_ARGUMENT, "attribute " + quoted(attribute.name) + " is missing");
    }
  }
  return nullptr;
}

// Equal letters in the signature are equal extents.
Checked checkExtents(const opset::Op &op, const OpCall &call) {
  std::map<char, uint64_t> extents;
  for (const opset::Operand &signature : op.operands) {
    const Tensor *tensor = call.optionalOperand(signature.name);
    for (size_t d = 0; tensor != nullptr && d < signature.extents.size(); ++d) {
      const char letter = signature.extents[d];
      const uint64_t expected = extents.emplace(letter, tensor->shape[d]).first->second;
      if (letter != '.' && tensor->shape[d] != expected) {
        return refuse(CRIA_STATUS_INVALID_ARGUMENT, "operand " + quoted(signature.name) + ": expected " +
                                                        letter + " = " + std::to_string(expected) +
                                                        " in dimension " + std::to_string(d) + ", got " +
                                                        std::to_string(tensor->shape[d]));
      }
    }
  }
  return nullptr;
}

Checked recordOp(const cria_entry &entry, RecordedEntry &recorded) {
  const opset::Op *op = opset::find(plugin::view(entry.name));
  recorded.op = findImplementation(plugin::view(entry.name));
  if (op == nullptr) {
    return refuse(CRIA_STATUS_UNSUPPORTED, "unknown op; the backend 'reference' runs opset 1");
  }
  for (uint32_t i = 0; i < entry.num_operands; ++i) {
    if (Checked refusal = bindOperand(*op, *entry.operands[i], recorded.call)) {
      return refusal;
    }
  }
  for (uint32_t i = 0; i < entry.num_attributes; ++i) {
    if (Checked refusal = bindAttribute(*op, *entry.attributes[i], recorded.call)) {
      return refusal;
    }
  }
  if (Checked refusal = checkComplete(*op, recorded.call)) {
    return refusal;
  }
  if (Checked refusal = checkExtents(*op, recorded.call)) {
    return refusal;
  }
  std::string wrong = recorded.op->check != nullptr ? recorded.op->check(recorded.call) : std::string();
  return wrong.empty() ? nullptr : refuse(CRIA_STATUS_INVALID_ARGUMENT, std::move(wrong));
}

Checked recordBytes(const cria_entry &entry, RecordedEntry &recorded) {
  const uint32_t expected = entry.kind == CRIA_ENTRY_COPY ? 2 : 1;
  if (entry.num_operands != expected) {
    return refuse(CRIA_STATUS_INVALID_ARGUMENT, "expected " + std::to_string(expected) + " operands, got " +
                                                    std::to_string(entry.num_operands));
  }
  const cria_operand &destination = *entry.operands[expected - 1];
  if (!plugin::host::contains(*destination.buffer, destination.offset, destination.size) ||
      !destination.buffer->owned) {
    return refuse(CRIA_STATUS_INVALID_ARGUMENT, "destination is read-only or reaches outside its buffer");
  }
  recorded.destination = destination.buffer->data + destination.offset;
  recorded.size = destination.size;
  recorded.fillValue = entry.fill_value;
  if (entry.kind == CRIA_ENTRY_COPY) {
    const cria_operand &source = *entry.operands[0];
    if (source.size != destination.size ||
        !plugin::host::contains(*source.buffer, source.offset, source.size)) {
      return refuse(CRIA_STATUS_INVALID_ARGUMENT, "source differs in size or reaches outside its buffer");
    }
    recorded.source = source.buffer->data + source.offset;
  }
  return nullptr;
}

Checked recordEntry(const cria_entry &entry, RecordedEntry &recorded) {
  if (entry.reserved != 0) {
    return refuse(CRIA_STATUS_INVALID_ARGUMENT, "a reserved field is not zero");
  }
  recorded.kind = entry.kind;
  switch (entry.kind) {
  case CRIA_ENTRY_OP:
    return recordOp(entry, recorded);
  case CRIA_ENTRY_COPY:
  case CRIA_ENTRY_FILL:
    return recordBytes(entry, recorded);
  default:
    return refuse(CRIA_STATUS_UNSUPPORTED,
                  "the backend 'reference' runs ops, copies and fills, not entries of kind " +
                      std::to_string(entry.kind));
  }
}

// Empty, or why the step's values do not fit. The loader makes sure that they come from the step; a host that
// does not is told so instead of being followed to anywhere.
std::string checkIndices(const RecordedEntry &entry) {
  const bool hasIndices = entry.kind == CRIA_ENTRY_OP && entry.op->checkIndices != nullptr;
  return hasIndices ? entry.op->checkIndices(entry.call) : std::string();
}

void runEntry(const RecordedEntry &entry) {
  switch (entry.kind) {
  case CRIA_ENTRY_OP:
    return entry.op->run(entry.call);
  case CRIA_ENTRY_COPY:
    std::memmove(entry.destination, entry.source, entry.size);
    return;
  default:
    return plugin::host::fillWords(entry.destination, entry.size, entry.fillValue);
  }
}

} // namespace

cria_status recordEntries(const cria_record_info &info, std::unique_ptr<cria_recording> &out,
                          cria_message *message) {
  auto recording = std::make_unique<cria_recording>();
  recording->entries.resize(info.num_entries);
  for (uint32_t i = 0; i < info.num_entries; ++i) {
    if (Checked refusal = recordEntry(*info.entries[i], recording->entries[i])) {
      return plugin::report(message, refusal->status,
                            "entry " + std::to_string(i) + " " + quoted(plugin::view(info.entries[i]->name)) +
                                ": " + refusal->text);
    }
  }
  out = std::move(recording);
  return CRIA_STATUS_OK;
}

} // namespace cria::reference

namespace cria::plugin {

cria_status replayRecording(cria_recording &recording, const int32_t *cancel, Profile &profile,
                            cria_message *message) {
  profile.nanoseconds.assign(profile.enabled ? recording.entries.size() : 0, 0);
  for (size_t i = 0; i < recording.entries.size(); ++i) {
    if (isCancelled(cancel)) {
      return report(message, CRIA_STATUS_CANCELLED, "the step was cancelled");
    }
    if (std::string wrong = reference::checkIndices(recording.entries[i]); !wrong.empty()) {
      return report(message, CRIA_STATUS_INVALID_ARGUMENT, "entry " + std::to_string(i) + ": " + wrong);
    }
    const EntryTimer timer(profile, i);
    reference::runEntry(recording.entries[i]);
  }
  return CRIA_STATUS_OK;
}

} // namespace cria::plugin
