// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// AddedToken: a token that fine-tuning added to the vocabulary of a base model.
#pragma once

#include <cstdint>
#include <string>

namespace cria {

struct AddedToken {
  int64_t id = 0;
  std::string text;       // UTF-8, the text that users see
  bool isSpecial = false; // never the result of encoding text
  bool operator==(const AddedToken &) const = default;
};

} // namespace cria
