// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria_entry_checks.hpp - the checks of entries that the contract requires of `record`. Optional C++20
// conveniences over cria_plugin.h.
#pragma once

#include "cria_plugin.hpp"

namespace cria::plugin {

/// The result of a function that can fail: CRIA_STATUS_OK without a text, or an error with its message.
struct [[nodiscard]] Check {
  cria_status status = CRIA_STATUS_OK;
  std::string text;
  bool failed() const { return status != CRIA_STATUS_OK; }
};

inline Check refuse(cria_status status, std::string text) { return {status, std::move(text)}; }
inline Check invalid(std::string text) { return refuse(CRIA_STATUS_INVALID_ARGUMENT, std::move(text)); }

/// Writes the message of an error to `message`, and returns the status.
inline cria_status answer(cria_message *message, const Check &check) {
  return check.failed() ? report(message, check.status, check.text) : CRIA_STATUS_OK;
}

/// Returns "entry 3 'matvec'", the beginning of a message.
inline std::string entryText(size_t index, std::string_view name) {
  return "entry " + std::to_string(index) + " '" + std::string(name) + "'";
}

/// Calls record(entry, index) -> Check for every entry, in order, until one fails or throws Refusal. The
/// message of the error begins with the entry.
template <typename Record> Check recordEach(const cria_record_info &info, Record record) {
  for (uint32_t i = 0; i < info.num_entries; ++i) {
    const cria_entry &entry = *info.entries[i];
    Check check;
    try {
      check = entry.reserved != 0 ? invalid("a reserved field is not zero") : record(entry, i);
    } catch (const Refusal &refusal) {
      check = refuse(refusal.status(), refusal.what());
    }
    if (check.failed()) {
      check.text = entryText(i, view(entry.name)) + ": " + check.text;
      return check;
    }
  }
  return {};
}

/// The properties of a buffer that the checks require.
struct BufferProperties {
  uint64_t size = 0;
  bool isReadOnly = false; // imported
};

/// Checks that [offset, offset + size) lies inside a buffer. The message of an error states both.
inline Check checkRange(std::string_view what, uint64_t bufferSize, uint64_t offset, uint64_t size) {
  if (offset <= bufferSize && size <= bufferSize - offset) {
    return {};
  }
  return invalid(std::string(what) + ": " + std::to_string(size) + " bytes at offset " +
                 std::to_string(offset) + " reach outside a buffer of " + std::to_string(bufferSize) +
                 " bytes");
}

/// Checks one operand of a kernel, or of a copy or fill with alignment 1. REQUIRES: its buffer is not null.
inline Check checkOperand(const std::string &name, const cria_operand &operand,
                          const BufferProperties &buffer, uint64_t alignment) {
  if (Check check = checkRange(name, buffer.size, operand.offset, operand.size); check.failed()) {
    return check;
  }
  if (operand.offset % alignment != 0) {
    return invalid(name + ": offset " + std::to_string(operand.offset) + " is not a multiple of " +
                   std::to_string(alignment));
  }
  if (operand.access == 0 || operand.access > CRIA_ACCESS_READ_WRITE) {
    return invalid(name + ": unknown access " + std::to_string(operand.access));
  }
  if ((operand.access & CRIA_ACCESS_WRITE) != 0 && buffer.isReadOnly) {
    return invalid(name + " is written, but its buffer is imported read-only memory");
  }
  return {};
}

/// Checks all operands of an entry. propertiesOf(const cria_buffer &) -> BufferProperties.
template <typename PropertiesOf>
Check checkOperands(const cria_entry &entry, uint64_t alignment, const PropertiesOf &propertiesOf) {
  for (uint32_t i = 0; i < entry.num_operands; ++i) {
    const cria_operand &operand = *entry.operands[i];
    const std::string name = "operand " + std::to_string(i) + " '" + std::string(view(operand.name)) + "'";
    if (operand.buffer == nullptr) {
      return invalid(name + " has no buffer");
    }
    if (Check check = checkOperand(name, operand, propertiesOf(*operand.buffer), alignment); check.failed()) {
      return check;
    }
  }
  return {};
}

/// Checks an entry of kind COPY (operands: source, destination) or FILL (operand: destination).
template <typename PropertiesOf> Check checkBytes(const cria_entry &entry, const PropertiesOf &propertiesOf) {
  const bool isCopy = entry.kind == CRIA_ENTRY_COPY;
  const uint32_t expected = isCopy ? 2 : 1;
  if (entry.num_operands != expected) {
    return invalid("expected " + std::to_string(expected) + " operands, got " +
                   std::to_string(entry.num_operands));
  }
  if (Check check = checkOperands(entry, 1, propertiesOf); check.failed()) {
    return check;
  }
  const cria_operand &destination = *entry.operands[expected - 1];
  if ((destination.access & CRIA_ACCESS_WRITE) == 0) {
    return invalid("expected write access to the destination");
  }
  if (isCopy && entry.operands[0]->size != destination.size) {
    return invalid("expected source and destination of equal size, got " +
                   std::to_string(entry.operands[0]->size) + " and " + std::to_string(destination.size) +
                   " bytes");
  }
  if (!isCopy && (destination.offset % 4 != 0 || destination.size % 4 != 0)) {
    return invalid("expected offset and size of a fill to be multiples of 4");
  }
  return {};
}

/// Returns the error for an entry kind that a backend of compiled kernels does not support. backend: its
/// name.
inline Check refuseKind(uint32_t kind, std::string_view backend) {
  const std::string who = "the " + std::string(backend) + " backend ";
  return refuse(CRIA_STATUS_UNSUPPORTED, kind == CRIA_ENTRY_OP ? who + "runs compiled kernels, not ops"
                                         : kind == CRIA_ENTRY_COLLECTIVE
                                             ? who + "has no collectives"
                                             : "unknown entry kind " + std::to_string(kind));
}

} // namespace cria::plugin
