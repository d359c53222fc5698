// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a grammar says of tokens by name: each is a symbol above all characters.
#include "plugins/samplers/grammar/Matcher.h"

namespace cria::grammar {

Position Matcher::nextToken(const Position &position, uint32_t token) {
  const bool isBetween = position.state != kDead && position.partial.isComplete() && token < kMaxTokens;
  return {isBetween ? step(position.state, kFirstToken + token) : kDead, {}};
}

Position Matcher::either(const Position &a, const Position &b) {
  if (a.state == kDead || b.state == kDead) {
    return a.state == kDead ? b : a;
  }
  if (!a.partial.isComplete() || !b.partial.isComplete()) {
    return a;
  }
  std::vector<int32_t> items = states_[static_cast<size_t>(a.state)].items;
  const std::vector<int32_t> &more = states_[static_cast<size_t>(b.state)].items;
  items.insert(items.end(), more.begin(), more.end());
  return {stateWith(std::move(items)), {}, a.json};
}

std::vector<CharRange> Matcher::tokensAfter(const Position &position) const {
  std::vector<CharRange> tokens;
  if (position.state == kDead || !position.partial.isComplete()) {
    return tokens;
  }
  for (const int32_t id : states_[static_cast<size_t>(position.state)].items) {
    if (id == kEnd) {
      continue;
    }
    const Item &item = items_[static_cast<size_t>(id)];
    for (const CharRange &range : sequenceOf(item)[item.at].ranges) {
      if (range.first >= kFirstToken) {
        tokens.push_back(range);
      }
    }
  }
  return tokens;
}

} // namespace cria::grammar
