// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/ProtoReader.h"

namespace cria {

Status ProtoReader::damaged(std::string_view what) const {
  return invalidArgument("{} at byte {} of a message of {} bytes", what, size_ - rest_.size(), size_);
}

StatusOr<uint64_t> ProtoReader::varint() {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (rest_.empty()) {
      return damaged("expected the rest of an integer, got the end");
    }
    const auto byte = static_cast<uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    if (shift == 63 && byte > 1) {
      return damaged("expected an integer of at most 64 bits, got more");
    }
    value |= static_cast<uint64_t>(byte & 0x7F) << shift;
    if ((byte & 0x80) == 0) {
      return value;
    }
  }
  return damaged("expected an integer of at most 10 bytes, got more");
}

StatusOr<uint64_t> ProtoReader::fixed(size_t bytes) {
  if (rest_.size() < bytes) {
    return damaged("expected a fixed-size number, got the end");
  }
  uint64_t value = 0;
  for (size_t i = 0; i < bytes; ++i) {
    value |= static_cast<uint64_t>(static_cast<uint8_t>(rest_[i])) << (8 * i);
  }
  rest_.remove_prefix(bytes);
  return value;
}

StatusOr<ProtoField> ProtoReader::next() {
  CRIA_ASSIGN_OR_RETURN(const uint64_t tag, varint());
  ProtoField field;
  if (tag >> 3 == 0 || tag >> 3 > 0x1FFFFFFF) {
    return damaged("expected a field number from 1 to 536870911");
  }
  field.number = static_cast<uint32_t>(tag >> 3);
  field.type = static_cast<ProtoField::Type>(tag & 7);
  switch (field.type) {
  case ProtoField::Type::varint: {
    CRIA_ASSIGN_OR_RETURN(field.integer, varint());
    return field;
  }
  case ProtoField::Type::fixed64: {
    CRIA_ASSIGN_OR_RETURN(field.integer, fixed(8));
    return field;
  }
  case ProtoField::Type::fixed32: {
    CRIA_ASSIGN_OR_RETURN(field.integer, fixed(4));
    return field;
  }
  case ProtoField::Type::bytes: {
    CRIA_ASSIGN_OR_RETURN(const uint64_t length, varint());
    if (length > rest_.size()) {
      return damaged(fmt::format("expected a field of {} bytes, got {}", length, rest_.size()));
    }
    field.bytes = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return field;
  }
  }
  return damaged(fmt::format("expected wire type 0, 1, 2 or 5, got {}", tag & 7));
}

} // namespace cria
