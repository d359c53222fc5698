// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which positions and steps of a matcher depend on conditions.
#include "plugins/samplers/grammar/Matcher.h"

#include <algorithm>

namespace cria::grammar {

/// Returns whether a condition follows in the alternative of an item or of one of its callers.
bool Matcher::hasOpenCondition(int32_t id) {
  std::vector<int32_t> chain; // from `id` to its callers, as far as they are not known
  bool isOpen = false;
  while (id != kEnd) {
    if (const auto known = conditional_.find(id); known != conditional_.end()) {
      isOpen = known->second;
      break;
    }
    chain.push_back(id);
    id = items_[static_cast<size_t>(id)].caller;
  }
  for (size_t i = chain.size(); i-- > 0;) {
    const Item &item = items_[static_cast<size_t>(chain[i])];
    const Sequence &sequence = sequenceOf(item);
    isOpen |= std::any_of(sequence.begin() + item.at, sequence.end(),
                          [](const Symbol &each) { return each.isDistinct; });
    conditional_.emplace(chain[i], isOpen);
  }
  return isOpen;
}

bool Matcher::isConditional(const Position &position) {
  if (position.state == kDead) {
    return false;
  }
  const std::vector<int32_t> &items = states_[static_cast<size_t>(position.state)].items;
  return std::any_of(items.begin(), items.end(), [&](int32_t id) { return hasOpenCondition(id); });
}

bool Matcher::decides(const Position &position, uint8_t byte) {
  utf8::Prefix character = position.partial;
  if (position.state == kDead || !character.add(byte) || !character.isComplete()) {
    return false;
  }
  step(position.state, character.bits);
  return ifRepeated_.contains(edgeOf(position.state, character.bits));
}

Position Matcher::nextIfRepeated(Position position, uint8_t byte) {
  if (position.state == kDead || !position.partial.add(byte)) {
    return {kDead, {}};
  }
  return position.partial.isComplete() ? Position{stepIfRepeated(position.state, position.partial.bits), {}}
                                       : position;
}

} // namespace cria::grammar
