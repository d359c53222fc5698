// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Vocabulary: what samplers are told about token ids, as the plugin ABI's cria_vocabulary.
#pragma once

#include "runtime/text/Tokenizer.h"

namespace cria {

/// Owns the tables behind a cria_vocabulary. Neither copied nor moved: samplers hold its address.
class Vocabulary {
public:
  /// size: the model's number of ids, > 0. tokenizer may be NULL (a model without one): pieces are then
  /// empty. Ids above the tokenizer's are CRIA_TOKEN_UNUSED. The tokenizer is not needed afterwards.
  Vocabulary(const Tokenizer *tokenizer, uint32_t size, std::vector<int32_t> eosIds);
  Vocabulary(const Vocabulary &) = delete;
  Vocabulary &operator=(const Vocabulary &) = delete;

  const cria_vocabulary &view() const { return view_; }

private:
  std::string bytes_;
  std::vector<cria_string> pieces_;
  std::vector<uint8_t> kinds_;
  std::vector<int32_t> eosIds_;
  cria_vocabulary view_{};
};

} // namespace cria
