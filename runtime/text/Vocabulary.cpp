// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/Vocabulary.h"

namespace cria {

Vocabulary::Vocabulary(const Tokenizer *tokenizer, uint32_t size, std::vector<int32_t> eosIds)
    : pieces_(size), kinds_(size, CRIA_TOKEN_NORMAL), eosIds_(std::move(eosIds)) {
  if (tokenizer != nullptr) {
    std::vector<size_t> ends(size);
    for (uint32_t id = 0; id < size; ++id) {
      bytes_ += tokenizer->printed(static_cast<int32_t>(id));
      ends[id] = bytes_.size();
      kinds_[id] = static_cast<uint8_t>(tokenizer->kind(static_cast<int32_t>(id)));
    }
    for (uint32_t id = 0; id < size; ++id) { // now that bytes_ does not move any more
      const size_t begin = id == 0 ? 0 : ends[id - 1];
      pieces_[id] = {bytes_.data() + begin, ends[id] - begin};
    }
  }
  view_.struct_size = sizeof(view_);
  view_.size = size;
  view_.pieces = pieces_.data();
  view_.kinds = kinds_.data();
  view_.eos_ids = eosIds_.data();
  view_.num_eos = static_cast<uint32_t>(eosIds_.size());
}

} // namespace cria
