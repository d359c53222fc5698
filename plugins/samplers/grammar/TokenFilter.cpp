// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/samplers/grammar/TokenFilter.h"

#include <algorithm>
#include <span>

namespace cria::grammar {

static constexpr size_t kMaxKnown = 512; // cached results, of one bit per token

/// The characters that a JSON string contains as they are.
static const CharRanges kPlain = {
    {0x20, 0x21}, {0x23, 0x5B}, {0x5D, 0x7E}, {0x80, 0xD7FF}, {0xE000, utf8::kLastCharacter}};

static bool isPlain(std::string_view piece) {
  size_t size = 0;
  const std::vector<uint32_t> characters = charactersOf(piece);
  for (const uint32_t character : characters) {
    size += utf8Of(character).size();
  }
  return size == piece.size() && std::all_of(characters.begin(), characters.end(),
                                             [](uint32_t character) { return kPlain.contains(character); });
}

/// Returns the size of the longest piece in bytes, of which it has no more characters.
static uint32_t longestPiece(const cria_vocabulary &vocabulary) {
  uint64_t longest = 0;
  for (uint32_t id = 0; id < vocabulary.size; ++id) {
    longest = std::max<uint64_t>(longest, vocabulary.pieces[id].size);
  }
  return static_cast<uint32_t>(std::min<uint64_t>(longest, UINT32_MAX / 2));
}

TokenFilter::TokenFilter(Grammar grammar, const cria_vocabulary &vocabulary)
    : vocabulary_(&vocabulary), matcher_(std::move(grammar), longestPiece(vocabulary)),
      completions_(matcher_) {
  plain_.resize(vocabulary.size, false);
  std::vector<int32_t> texts, others;
  for (uint32_t id = 0; id < vocabulary.size; ++id) {
    const bool isText = vocabulary.kinds[id] == CRIA_TOKEN_NORMAL || vocabulary.kinds[id] == CRIA_TOKEN_BYTE;
    if (isText && !isEnd(static_cast<int32_t>(id)) && vocabulary.pieces[id].size > 0) {
      texts.push_back(static_cast<int32_t>(id));
      plain_[id] = isPlain(pieceOf(texts.back()));
      if (!plain_[id]) {
        others.push_back(texts.back());
      }
    }
  }
  texts_ = orderOf(std::move(texts));
  others_ = orderOf(std::move(others));
}

TokenFilter::Order TokenFilter::orderOf(std::vector<int32_t> tokens) const {
  Order order{std::move(tokens), {}};
  std::sort(order.tokens.begin(), order.tokens.end(),
            [&](int32_t a, int32_t b) { return pieceOf(a) < pieceOf(b); });
  std::string_view before;
  for (const int32_t token : order.tokens) {
    const std::string_view piece = pieceOf(token);
    const auto end = std::mismatch(before.begin(), before.end(), piece.begin(), piece.end()).first;
    order.shared.push_back(static_cast<uint32_t>(end - before.begin()));
    before = piece;
  }
  return order;
}

bool TokenFilter::isEnd(int32_t token) const {
  const std::span<const int32_t> ends(vocabulary_->eos_ids, vocabulary_->num_eos);
  return std::ranges::find(ends, token) != ends.end();
}

std::string_view TokenFilter::pieceOf(int32_t token) const {
  const bool exists = token >= 0 && static_cast<uint32_t>(token) < vocabulary_->size;
  return exists ? plugin::view(vocabulary_->pieces[token]) : std::string_view();
}

TokenFilter::Known TokenFilter::walk(const Position &position) {
  const bool allowsPlain = matcher_.repeats(position, kPlain);
  Known known{allowsPlain ? plain_ : std::vector<bool>(vocabulary_->size, false), {}};
  std::vector<int32_t> conditional;
  const Position withoutValues{position.state, position.partial};
  walk(withoutValues, allowsPlain ? others_ : texts_, known.allowed,
       matcher_.hasConditions() ? &conditional : nullptr);
  known.conditional = orderOf(std::move(conditional));
  allowNamed(position, known.allowed);
  return known;
}

/// Sets which tokens the grammar names next. Those that end the text are never a part of it.
void TokenFilter::allowNamed(const Position &position, std::vector<bool> &allowed) const {
  for (const CharRange &range : matcher_.tokensAfter(position)) {
    const uint32_t end = std::min(range.last - kFirstToken + 1, vocabulary_->size);
    for (uint32_t id = range.first - kFirstToken; id < end; ++id) {
      allowed[id] = allowed[id] || !isEnd(static_cast<int32_t>(id));
    }
  }
}

/// Sets whether each token of `order` is allowed. Appends those that are and that conditions may decide on,
/// on the way or soon after.
void TokenFilter::walk(const Position &position, const Order &order, std::vector<bool> &allowed,
                       std::vector<int32_t> *conditional) {
  std::vector<Position> path{position}; // after each byte of the previous piece, up to the first dead one
  size_t firstDecided = SIZE_MAX;       // place of the first byte of the path that decides a condition
  for (size_t i = 0; i < order.tokens.size(); ++i) {
    const uint32_t shared = order.shared[i];
    if (shared >= path.size()) { // the previous piece was dead within the shared prefix
      allowed[static_cast<size_t>(order.tokens[i])] = false;
      continue;
    }
    path.resize(shared + 1);
    firstDecided = firstDecided < shared ? firstDecided : SIZE_MAX;
    const std::string_view piece = pieceOf(order.tokens[i]);
    for (size_t at = shared; at < piece.size(); ++at) {
      ++numMatched_;
      const auto byte = static_cast<uint8_t>(piece[at]);
      Position next = matcher_.next(path.back(), byte);
      if (next.state == kDead) {
        break;
      }
      if (conditional != nullptr && firstDecided == SIZE_MAX && matcher_.decides(path.back(), byte)) {
        firstDecided = at;
      }
      path.push_back(std::move(next));
    }
    const bool isAllowed = path.size() == piece.size() + 1 && completions_.allows(path.back());
    allowed[static_cast<size_t>(order.tokens[i])] = isAllowed;
    if (conditional != nullptr && isAllowed &&
        (firstDecided != SIZE_MAX || completions_.count(path.back()) < Completions::kMany)) {
      conditional->push_back(order.tokens[i]);
    }
  }
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
  const Known &known = found->second;
  if (known.conditional.tokens.empty()) {
    return known.allowed;
  }
  corrected_ = known.allowed;
  walk(position, known.conditional, corrected_, nullptr);
  return corrected_;
}

std::vector<bool> TokenFilter::allowedFirst() {
  std::vector<bool> allowed = allowedAfter(matcher_.start());
  for (const int32_t token : texts_.tokens) {
    const std::string_view piece = pieceOf(token);
    if (piece.size() > 1 && piece[0] == ' ') {
      allowed[static_cast<size_t>(token)] =
          allowed[static_cast<size_t>(token)] || after(matcher_.start(), piece.substr(1)).state != kDead;
    }
  }
  return allowed;
}

Position TokenFilter::afterToken(const Position &position, int32_t token) {
  if (isEnd(token)) {
    return {kDead, {}};
  }
  const std::string_view piece = pieceOf(token);
  const Position text = piece.empty() ? Position{kDead, {}} : after(position, piece);
  return matcher_.either(text, matcher_.nextToken(position, static_cast<uint32_t>(token)));
}

Position TokenFilter::after(Position position, std::string_view piece) {
  for (const char byte : piece) {
    position = matcher_.next(position, static_cast<uint8_t>(byte));
  }
  return matcher_.isAlive(position) ? position : Position{kDead, {}};
}

} // namespace cria::grammar
