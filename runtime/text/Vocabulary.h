// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Vocabulary: the token ids of a model as samplers and chat templates see them, a cria_vocabulary of the
// plugin ABI.
// Public: included by runtime/cria.h.
#pragma once

#include "plugins/api/cria_plugin.h"
#include "runtime/text/Tokenizer.h"

namespace cria {

/// Owns the tables of a cria_vocabulary. It is neither copied nor moved, because samplers hold its address.
/// Thread-safe: a vocabulary is immutable.
class Vocabulary {
public:
  /// size: the number of ids of the model, > 0. bosId: -1 if there is none. Pieces and names are copied from
  /// `tokenizer`, which need not outlive the constructor; without one they are empty. Ids above those of the
  /// tokenizer are CRIA_TOKEN_UNUSED.
  Vocabulary(const Tokenizer *tokenizer, uint32_t size, std::vector<int32_t> eosIds, int32_t bosId = -1);
  /// A view of `other`, which outlives it, with other end-of-text tokens.
  Vocabulary(const Vocabulary &other, std::vector<int32_t> eosIds);
  Vocabulary(const Vocabulary &) = delete;
  Vocabulary &operator=(const Vocabulary &) = delete;

  const cria_vocabulary &view() const { return view_; }

private:
  void readPieces(const Tokenizer &tokenizer);

  std::string bytes_; // all pieces and names
  std::vector<cria_string> pieces_;
  std::vector<cria_string> names_;
  std::vector<uint8_t> kinds_;
  std::vector<int32_t> eosIds_;
  cria_vocabulary view_{};
};

} // namespace cria
