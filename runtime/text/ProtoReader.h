// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ProtoReader: walks the fields of one protocol buffer message that may be hostile. It never reads outside
// its bytes and allocates nothing.
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
  std::string_view bytes; // bytes: inside the message
};

class ProtoReader {
public:
  explicit ProtoReader(std::string_view message) : rest_(message), size_(message.size()) {}

  bool atEnd() const { return rest_.empty(); }
  /// The next field. Errors: invalidArgument with the offset inside this message.
  StatusOr<ProtoField> next();

private:
  StatusOr<uint64_t> varint();
  StatusOr<uint64_t> fixed(size_t bytes);
  Status damaged(std::string_view what) const;

  std::string_view rest_;
  size_t size_;
};

} // namespace cria
