// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/samplers/grammar/Matcher.h"

#include "plugins/sdk/cria_plugin.hpp"

#include <algorithm>
#include <unordered_set>

namespace cria::grammar {

/// These bound memory to some hundred megabytes. Only a grammar with thousands of parses of one text comes
/// near.
static constexpr size_t kMaxItems = size_t{1} << 20;
static constexpr size_t kMaxStates = size_t{1} << 16;
static constexpr size_t kMaxParses = size_t{1} << 14;  // items visited for one state
static constexpr size_t kMaxVisited = size_t{1} << 24; // items visited for all states: seconds of work

[[noreturn]] static void refuseSize(const char *what, size_t maximum) {
  throw plugin::Refusal(CRIA_STATUS_UNSUPPORTED, "grammar has more than " + std::to_string(maximum) + " " +
                                                     what + " for this text; make its rules less ambiguous");
}

size_t Matcher::ItemHash::operator()(const Item &item) const {
  uint64_t hash = 0;
  for (const uint64_t part : {uint64_t{item.rule}, uint64_t{item.alternative}, uint64_t{item.at},
                              static_cast<uint64_t>(static_cast<uint32_t>(item.caller))}) {
    hash = (hash ^ part) * 0x9E3779B97F4A7C15u;
    hash ^= hash >> 32;
  }
  return hash;
}

Matcher::Matcher(Grammar grammar) : grammar_(std::move(grammar)) {
  std::vector<Item> seeds;
  for (uint32_t i = 0; i < grammar_.rules[grammar_.root].alternatives.size(); ++i) {
    seeds.push_back({grammar_.root, i, 0, kEnd});
  }
  start_ = stateOf(seeds);
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

/// Computes the closure of `seeds`: enters rules and leaves complete alternatives until each item is before a
/// character or at the end of the text. Returns the id of that state.
int32_t Matcher::stateOf(const std::vector<Item> &seeds) {
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
        ++after.at;
        add(after);
      }
    } else if (const Symbol &symbol = sequence[item.at]; !symbol.isRule) {
      items.push_back(idOf(item));
    } else {
      // Tail call: if nothing follows the rule, its caller is this item's caller. So a repetition needs no
      // stack of its iterations.
      const int32_t caller = item.at + 1 == sequence.size() ? item.caller : idOf(item);
      for (uint32_t i = 0; i < grammar_.rules[symbol.rule].alternatives.size(); ++i) {
        add({symbol.rule, i, 0, caller});
      }
    }
  }
  numVisited_ += seen.size();
  if (numVisited_ > kMaxVisited) {
    refuseSize("visited positions", kMaxVisited);
  }
  if (items.empty()) {
    return kDead;
  }
  std::sort(items.begin(), items.end());
  items.erase(std::unique(items.begin(), items.end()), items.end());
  const auto [found, isNew] = stateIds_.emplace(items, static_cast<int32_t>(states_.size()));
  if (isNew) {
    if (states_.size() == kMaxStates) {
      refuseSize("states", kMaxStates);
    }
    states_.push_back({std::move(items), {}, {}});
    states_.back().ascii.fill(kUnknown);
  }
  return found->second;
}

int32_t Matcher::step(int32_t state, uint32_t character) {
  {
    const State &from = states_[static_cast<size_t>(state)];
    if (character < 128 && from.ascii[character] != kUnknown) {
      return from.ascii[character];
    }
    const auto known = from.others.find(character);
    if (character >= 128 && known != from.others.end()) {
      return known->second;
    }
  }
  std::vector<Item> seeds;
  for (const int32_t id : states_[static_cast<size_t>(state)].items) {
    if (id != kEnd &&
        sequenceOf(items_[static_cast<size_t>(id)])[items_[static_cast<size_t>(id)].at].accepts(character)) {
      seeds.push_back(items_[static_cast<size_t>(id)]);
      ++seeds.back().at;
    }
  }
  const int32_t next = seeds.empty() ? kDead : stateOf(seeds);
  State &from = states_[static_cast<size_t>(state)]; // again, as stateOf may have reallocated states_
  if (character < 128) {
    from.ascii[character] = next;
  } else {
    from.others.emplace(character, next);
  }
  return next;
}

Position Matcher::next(Position position, uint8_t byte) {
  if (position.state == kDead || !position.partial.add(byte)) {
    return {kDead, {}};
  }
  if (!position.partial.isComplete()) {
    return position;
  }
  return {step(position.state, position.partial.bits), {}};
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

bool Matcher::isComplete(const Position &position) const {
  return position.state != kDead && position.partial.isComplete() &&
         states_[static_cast<size_t>(position.state)].items.front() == kEnd;
}

} // namespace cria::grammar
