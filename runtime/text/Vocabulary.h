// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Vocabulary: what samplers and chat templates are told about token ids, as the plugin ABI's cria_vocabulary.
#pragma once

#include "plugins/api/cria_plugin.h"
#include "runtime/text/Tokenizer.h"

namespace cria {

/// Owns the tables behind a cria_vocabulary. Neither copied nor moved: samplers hold its address.
class Vocabulary {
public:
  /// size: the model's number of ids, > 0. tokenizer may be NULL (a model without one): pieces are then
  /// empty. Ids above the tokenizer's are CRIA_TOKEN_UNUSED. bosId -1: none. The tokenizer is not needed
  /// afterwards.
  Vocabulary(const Tokenizer *tokenizer, uint32_t size, std::vector<int32_t> eosIds, int32_t bosId = -1);
  Vocabulary(const Vocabulary &) = delete;
  Vocabulary &operator=(const Vocabulary &) = delete;

  const cria_vocabulary &view() const { return view_; }

private:
  void readPieces(const Tokenizer &tokenizer);

  std::string bytes_; // of all pieces and names
  std::vector<cria_string> pieces_;
  std::vector<cria_string> names_;
  std::vector<uint8_t> kinds_;
  std::vector<int32_t> eosIds_;
  cria_vocabulary view_{};
};

} // namespace cria
