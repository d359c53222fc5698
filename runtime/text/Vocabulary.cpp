// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/Vocabulary.h"

namespace cria {

Vocabulary::Vocabulary(const Tokenizer *tokenizer, uint32_t size, std::vector<int32_t> eosIds, int32_t bosId)
    : pieces_(size), names_(size), kinds_(size, CRIA_TOKEN_NORMAL), eosIds_(std::move(eosIds)) {
  if (tokenizer != nullptr) {
    readPieces(*tokenizer);
  }
  view_.struct_size = sizeof(view_);
  view_.size = size;
  view_.pieces = pieces_.data();
  view_.names = names_.data();
  view_.kinds = kinds_.data();
  view_.eos_ids = eosIds_.data();
  view_.num_eos = static_cast<uint32_t>(eosIds_.size());
  view_.bos_id = bosId;
  view_.eos_id = tokenizer == nullptr ? -1 : tokenizer->eosId();
}

Vocabulary::Vocabulary(const Vocabulary &other, std::vector<int32_t> eosIds)
    : eosIds_(std::move(eosIds)), view_(other.view_) {
  view_.eos_ids = eosIds_.data();
  view_.num_eos = static_cast<uint32_t>(eosIds_.size());
}

void Vocabulary::readPieces(const Tokenizer &tokenizer) {
  const auto size = static_cast<int32_t>(pieces_.size());
  for (int32_t id = 0; id < size; ++id) {
    bytes_ += tokenizer.surface(id);
    bytes_ += tokenizer.piece(id);
    kinds_[static_cast<size_t>(id)] = static_cast<uint8_t>(tokenizer.kind(id));
  }
  const char *at = bytes_.data(); // bytes_ no longer changes, so views of it stay valid
  const auto take = [&at](size_t length) { return cria_string{std::exchange(at, at + length), length}; };
  for (int32_t id = 0; id < size; ++id) {
    pieces_[static_cast<size_t>(id)] = take(tokenizer.surface(id).size());
    names_[static_cast<size_t>(id)] = take(tokenizer.piece(id).size());
  }
}

} // namespace cria
