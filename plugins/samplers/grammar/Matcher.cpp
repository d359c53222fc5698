// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/samplers/grammar/Matcher.h"

#include "plugins/sdk/cria_plugin.hpp"

#include <algorithm>
#include <unordered_set>

namespace cria::grammar {

/// These bound memory to some hundred megabytes. Only a grammar with thousands of parses of one text comes
/// near.
static constexpr size_t kMaxItems = size_t{1} << 20;
static constexpr size_t kMaxStates = size_t{1} << 18;
static constexpr size_t kMaxParses = size_t{1} << 14;  // items visited for one state
static constexpr size_t kMaxVisited = size_t{1} << 24; // items visited for all states: seconds of work

[[noreturn]] static void refuseSize(const char *what, size_t maximum) {
  throw plugin::Refusal(CRIA_STATUS_UNSUPPORTED, "grammar has more than " + std::to_string(maximum) + " " +
                                                     what + " for this text; make its rules less ambiguous");
}

size_t Matcher::ItemHash::operator()(const Item &item) const {
  uint64_t hash = 0;
  for (const uint64_t part :
       {uint64_t{item.rule}, uint64_t{item.alternative}, uint64_t{item.at}, uint64_t{item.count},
        static_cast<uint64_t>(static_cast<uint32_t>(item.caller))}) {
    hash = (hash ^ part) * 0x9E3779B97F4A7C15u;
    hash ^= hash >> 32;
  }
  return hash;
}

Matcher::Matcher(Grammar grammar, uint32_t reach) : grammar_(std::move(grammar)), reach_(reach) {
  std::vector<Item> seeds;
  for (uint32_t i = 0; i < grammar_.rules[grammar_.root].alternatives.size(); ++i) {
    seeds.push_back({grammar_.root, i, 0, 0, kEnd});
  }
  start_ = stateOf(seeds, false);
  if (grammar::hasConditions(grammar_)) {
    startOfJson_ = std::make_shared<const JsonProgress>();
  }
}

int32_t Matcher::idOf(const Item &item) {
  const auto [found, isNew] = ids_.emplace(item, static_cast<int32_t>(items_.size()));
  if (isNew) {
    if (items_.size() == kMaxItems) {
      refuseSize("positions", kMaxItems);
    }
    items_.push_back(item);
  }
  return found->second;
}

/// Moves an item to the place after one more iteration of its symbol.
void Matcher::completeIteration(Item &item, const Symbol &symbol) {
  if (symbol.maximum != kUnbounded && item.count + 1 == symbol.maximum) {
    ++item.at;
    item.count = 0;
  } else if (symbol.maximum != kUnbounded || item.count < symbol.minimum) {
    ++item.count;
  }
}

/// Computes the closure of `seeds`: enters rules and leaves complete alternatives until each item is before a
/// character or at the end of the text. Returns the id of that state. Conditions hold unless `isRepeated`.
int32_t Matcher::stateOf(const std::vector<Item> &seeds, bool isRepeated) {
  hasPassedCondition_ = false;
  std::vector<Item> open = seeds;
  std::unordered_set<Item, ItemHash> seen(seeds.begin(), seeds.end());
  std::vector<int32_t> items;
  const auto add = [&](const Item &item) {
    if (seen.insert(item).second) {
      open.push_back(item);
    }
    if (seen.size() > kMaxParses) {
      refuseSize("parses", kMaxParses);
    }
  };
  while (!open.empty()) {
    const Item item = open.back();
    open.pop_back();
    const Sequence &sequence = sequenceOf(item);
    if (item.at == sequence.size()) {
      if (item.caller == kEnd) {
        items.push_back(kEnd);
      } else {
        Item after = items_[static_cast<size_t>(item.caller)];
        completeIteration(after, sequenceOf(after)[after.at]);
        add(after);
      }
      continue;
    }
    const Symbol &symbol = sequence[item.at];
    if (symbol.isDistinct) {
      hasPassedCondition_ = true;
      if (!isRepeated) {
        add({item.rule, item.alternative, item.at + 1, 0, item.caller});
      }
      continue;
    }
    if (item.count >= symbol.minimum) { // otherwise it would have moved on, or must repeat
      add({item.rule, item.alternative, item.at + 1, 0, item.caller});
    }
    if (!symbol.isRule) {
      items.push_back(idOf(item));
      continue;
    }
    // Tail call: if nothing follows the rule, its caller is this item's caller. So a recursion needs no
    // stack.
    const bool isLast =
        item.at + 1 == sequence.size() && symbol.maximum != kUnbounded && item.count + 1 == symbol.maximum;
    const int32_t caller = isLast ? item.caller : idOf(item);
    for (uint32_t i = 0; i < grammar_.rules[symbol.rule].alternatives.size(); ++i) {
      add({symbol.rule, i, 0, 0, caller});
    }
  }
  numVisited_ += seen.size();
  if (numVisited_ > kMaxVisited) {
    refuseSize("visited positions", kMaxVisited);
  }
  return items.empty() ? kDead : stateWith(std::move(items));
}

int32_t Matcher::stateWith(std::vector<int32_t> items) {
  std::sort(items.begin(), items.end());
  items.erase(std::unique(items.begin(), items.end()), items.end());
  const auto [found, isNew] = stateIds_.emplace(items, static_cast<int32_t>(states_.size()));
  if (isNew) {
    if (states_.size() == kMaxStates) {
      refuseSize("states", kMaxStates);
    }
    states_.push_back({std::move(items), {}, {}});
  }
  return found->second;
}

int32_t Matcher::step(int32_t state, uint32_t character) {
  {
    const State &from = states_[static_cast<size_t>(state)];
    const bool isInTable = character < from.ascii.size();
    if (isInTable && from.ascii[character] != kUnknown) {
      return from.ascii[character];
    }
    const auto known = isInTable ? from.others.end() : from.others.find(character);
    if (known != from.others.end()) {
      return known->second;
    }
  }
  const int32_t next = computeStep(state, character, false);
  if (hasPassedCondition_) {
    ifRepeated_.emplace(edgeOf(state, character), computeStep(state, character, true));
  }
  remember(states_[static_cast<size_t>(state)], character, next);
  return next;
}

int32_t Matcher::computeStep(int32_t state, uint32_t character, bool isRepeated) {
  std::vector<Item> seeds;
  for (const int32_t id : states_[static_cast<size_t>(state)].items) {
    if (id == kEnd) {
      continue;
    }
    const Item &item = items_[static_cast<size_t>(id)];
    if (const Symbol &symbol = sequenceOf(item)[item.at]; symbol.accepts(character)) {
      seeds.push_back(item);
      completeIteration(seeds.back(), symbol);
    }
  }
  hasPassedCondition_ = false;
  return seeds.empty() ? kDead : stateOf(seeds, isRepeated);
}

int32_t Matcher::stepIfRepeated(int32_t state, uint32_t character) {
  const int32_t next = step(state, character);
  const auto found = ifRepeated_.find(edgeOf(state, character));
  return found == ifRepeated_.end() ? next : found->second;
}

/// Most states of a long text are left by one or two characters; those that many tokens are matched from get
/// a table.
void Matcher::remember(State &state, uint32_t character, int32_t next) {
  constexpr size_t kMany = 8;
  if (state.ascii.empty() && state.others.size() == kMany) {
    state.ascii.assign(128, kUnknown);
    for (const auto &[known, target] : state.others) {
      if (known < state.ascii.size()) {
        state.ascii[known] = target;
      }
    }
  }
  if (character < state.ascii.size()) {
    state.ascii[character] = next;
  } else {
    state.others.emplace(character, next);
  }
}

Position Matcher::next(Position position, uint8_t byte) {
  if (position.state == kDead || !position.partial.add(byte)) {
    return {kDead, {}};
  }
  if (position.json != nullptr) {
    position.json = std::make_shared<const JsonProgress>(position.json->after(byte));
  }
  if (!position.partial.isComplete()) {
    return position;
  }
  const bool isRepeated = position.json != nullptr && position.json->isRepeated();
  const int32_t next = isRepeated ? stepIfRepeated(position.state, position.partial.bits)
                                  : step(position.state, position.partial.bits);
  return {next, {}, std::move(position.json)};
}

bool Matcher::isAlive(const Position &position) const {
  if (position.state == kDead || position.partial.isComplete()) {
    return position.state != kDead;
  }
  const State &state = states_[static_cast<size_t>(position.state)];
  return std::any_of(state.items.begin(), state.items.end(), [&](int32_t id) {
    if (id == kEnd) {
      return false;
    }
    const Item &item = items_[static_cast<size_t>(id)];
    return sequenceOf(item)[item.at].acceptsAnyOf(position.partial.first(), position.partial.last());
  });
}

/// Returns a count that no text within reach distinguishes from that of the item.
uint32_t Matcher::mergedCount(const Item &item) const {
  const Symbol &symbol = sequenceOf(item)[item.at];
  const uint64_t last = uint64_t{item.count} + reach_ + 1;
  if (last < symbol.minimum) {
    return 0;
  }
  return item.count >= symbol.minimum && last < symbol.maximum ? symbol.minimum : item.count;
}

int32_t Matcher::mergedItem(int32_t id) {
  std::vector<int32_t> chain; // from `id` to its callers
  int32_t caller = id;
  auto known = merged_.find(caller);
  while (caller != kEnd && known == merged_.end()) {
    chain.push_back(caller);
    caller = items_[static_cast<size_t>(caller)].caller;
    known = merged_.find(caller);
  }
  int32_t merged = caller == kEnd ? kEnd : known->second;
  for (size_t i = chain.size(); i-- > 0;) {
    Item item = items_[static_cast<size_t>(chain[i])];
    item.count = mergedCount(item);
    item.caller = merged;
    merged = idOf(item);
    merged_.emplace(chain[i], merged);
  }
  return merged;
}

Position Matcher::mergedWithinReach(Position position) {
  if (position.state == kDead) {
    return position;
  }
  if (int32_t merged = states_[static_cast<size_t>(position.state)].merged; merged != kUnknown) {
    return {merged, position.partial, position.json};
  }
  std::vector<int32_t> items;
  for (const int32_t id : std::vector<int32_t>(states_[static_cast<size_t>(position.state)].items)) {
    items.push_back(mergedItem(id));
  }
  const int32_t merged = stateWith(std::move(items));
  states_[static_cast<size_t>(position.state)].merged = merged;
  return {merged, position.partial, position.json};
}

bool Matcher::repeats(const Position &position, const CharRanges &set) {
  if (position.state == kDead || !position.partial.isComplete()) {
    return false;
  }
  for (const int32_t id : states_[static_cast<size_t>(position.state)].items) {
    if (id == kEnd) {
      continue;
    }
    const Item &item = items_[static_cast<size_t>(id)];
    const Symbol &symbol = sequenceOf(item)[item.at];
    const auto hasAll = [&](const auto &range) { return symbol.acceptsAllOf(range.first, range.second); };
    const auto hasAny = [&](const auto &range) { return symbol.acceptsAnyOf(range.first, range.second); };
    const auto &ranges = set.ranges();
    if (std::any_of(ranges.begin(), ranges.end(), hasAny) &&
        !std::all_of(ranges.begin(), ranges.end(), hasAll)) {
      return false;
    }
  }
  const int32_t next = step(position.state, set.ranges().front().first);
  return next != kDead && mergedWithinReach({next, {}}).state == mergedWithinReach(position).state;
}

bool Matcher::isComplete(const Position &position) const {
  return position.state != kDead && position.partial.isComplete() &&
         states_[static_cast<size_t>(position.state)].items.front() == kEnd;
}

} // namespace cria::grammar
