// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ProtoReader: iterates over the fields of one protocol buffer message, which may be hostile. It never reads
// outside the message and does not allocate memory.
#pragma once

#include "support/Status.h"

#include <cstdint>
#include <string_view>

namespace cria {

struct ProtoField {
  enum class Type : uint32_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };
  uint32_t number = 0;
  Type type = Type::varint;
  uint64_t integer = 0;   // varint, fixed64, fixed32
  std::string_view bytes; // bytes: a view into the message
};

class ProtoReader {
public:
  explicit ProtoReader(std::string_view message) : rest_(message), size_(message.size()) {}

  bool atEnd() const { return rest_.empty(); }
  /// Reads the next field. Requires !atEnd(). Errors: invalidArgument with the offset in this message.
  StatusOr<ProtoField> next();

private:
  StatusOr<uint64_t> varint();
  StatusOr<uint64_t> fixed(size_t bytes);
  Status damaged(std::string_view what) const;

  std::string_view rest_;
  size_t size_;
};

} // namespace cria
