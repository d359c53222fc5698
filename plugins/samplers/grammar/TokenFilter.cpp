// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/samplers/grammar/TokenFilter.h"

#include <algorithm>

namespace cria::grammar {

static constexpr size_t kMaxKnown = 512; // cached results, of one bit per token

/// Returns the size of the longest piece in bytes, of which it has no more characters.
static uint32_t longestPiece(const cria_vocabulary &vocabulary) {
  uint64_t longest = 0;
  for (uint32_t id = 0; id < vocabulary.size; ++id) {
    longest = std::max<uint64_t>(longest, vocabulary.pieces[id].size);
  }
  return static_cast<uint32_t>(std::min<uint64_t>(longest, UINT32_MAX / 2));
}

TokenFilter::TokenFilter(Grammar grammar, const cria_vocabulary &vocabulary)
    : vocabulary_(&vocabulary), matcher_(std::move(grammar), longestPiece(vocabulary)) {
  for (uint32_t id = 0; id < vocabulary.size; ++id) {
    const bool isText = vocabulary.kinds[id] == CRIA_TOKEN_NORMAL || vocabulary.kinds[id] == CRIA_TOKEN_BYTE;
    if (isText && vocabulary.pieces[id].size > 0) {
      sorted_.push_back(static_cast<int32_t>(id));
    }
  }
  std::sort(sorted_.begin(), sorted_.end(), [&](int32_t a, int32_t b) { return pieceOf(a) < pieceOf(b); });
  std::string_view before;
  for (const int32_t token : sorted_) {
    const std::string_view piece = pieceOf(token);
    const auto end = std::mismatch(before.begin(), before.end(), piece.begin(), piece.end()).first;
    shared_.push_back(static_cast<uint32_t>(end - before.begin()));
    before = piece;
  }
}

std::string_view TokenFilter::pieceOf(int32_t token) const {
  const bool exists = token >= 0 && static_cast<uint32_t>(token) < vocabulary_->size;
  return exists ? plugin::view(vocabulary_->pieces[token]) : std::string_view();
}

std::vector<bool> TokenFilter::walk(const Position &position) {
  std::vector<bool> allowed(vocabulary_->size, false);
  std::vector<Position> path{position}; // after each byte of the previous piece, up to the first dead one
  for (size_t i = 0; i < sorted_.size(); ++i) {
    if (shared_[i] >= path.size()) {
      continue; // the previous piece was dead within the shared prefix
    }
    path.resize(shared_[i] + 1);
    const std::string_view piece = pieceOf(sorted_[i]);
    for (size_t at = shared_[i]; at < piece.size(); ++at) {
      const Position next = matcher_.next(path.back(), static_cast<uint8_t>(piece[at]));
      if (next.state == kDead) {
        break;
      }
      path.push_back(next);
    }
    allowed[static_cast<size_t>(sorted_[i])] =
        path.size() == piece.size() + 1 && matcher_.isAlive(path.back());
  }
  return allowed;
}

const std::vector<bool> &TokenFilter::allowedAfter(const Position &exact) {
  const Position position = matcher_.mergedWithinReach(exact);
  const std::array<uint32_t, 4> key{static_cast<uint32_t>(position.state), position.partial.bits,
                                    position.partial.missing, position.partial.size};
  if (known_.size() == kMaxKnown && !known_.contains(key)) {
    known_.clear();
  }
  const auto [found, isNew] = known_.try_emplace(key);
  if (isNew) {
    found->second = walk(position);
  }
  return found->second;
}

std::vector<bool> TokenFilter::allowedFirst() {
  std::vector<bool> allowed = allowedAfter(matcher_.start());
  for (const int32_t token : sorted_) {
    const std::string_view piece = pieceOf(token);
    if (piece.size() > 1 && piece[0] == ' ') {
      allowed[static_cast<size_t>(token)] =
          allowed[static_cast<size_t>(token)] || after(matcher_.start(), piece.substr(1)).state != kDead;
    }
  }
  return allowed;
}

Position TokenFilter::after(Position position, std::string_view piece) {
  for (const char byte : piece) {
    position = matcher_.next(position, static_cast<uint8_t>(byte));
  }
  return matcher_.isAlive(position) ? position : Position{kDead, {}};
}

} // namespace cria::grammar
