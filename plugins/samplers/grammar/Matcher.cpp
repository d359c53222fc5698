// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/samplers/grammar/Matcher.h"

#include "plugins/sdk/cria_plugin.hpp"

#include <algorithm>
#include <unordered_set>

namespace cria::grammar {

// Bounds on memory: some hundred megabytes at worst. What comes near has thousands of readings of one text.
static constexpr size_t kMostPlaces = size_t{1} << 20;
static constexpr size_t kMostStates = size_t{1} << 16;
static constexpr size_t kMostReadings = size_t{1} << 14; // places of one state
static constexpr size_t kMostFollowed = size_t{1} << 24; // places of all states together: seconds of work

[[noreturn]] static void refuseSize(const char *what, size_t most) {
  throw plugin::Refusal(CRIA_STATUS_UNSUPPORTED, "the grammar has more than " + std::to_string(most) + " " +
                                                     what + " for this text: make its rules less ambiguous");
}

size_t Matcher::PlaceHash::operator()(const Place &place) const {
  uint64_t hash = 0;
  for (const uint64_t part : {uint64_t{place.rule}, uint64_t{place.alternative}, uint64_t{place.at},
                              static_cast<uint64_t>(static_cast<uint32_t>(place.below))}) {
    hash = (hash ^ part) * 0x9E3779B97F4A7C15u;
    hash ^= hash >> 32;
  }
  return hash;
}

Matcher::Matcher(Grammar grammar) : grammar_(std::move(grammar)) {
  std::vector<Place> begun;
  for (uint32_t i = 0; i < grammar_.rules[grammar_.root].alternatives.size(); ++i) {
    begun.push_back({grammar_.root, i, 0, kBottom});
  }
  start_ = stateOf(begun);
}

int32_t Matcher::idOf(const Place &place) {
  const auto [found, isNew] = ids_.emplace(place, static_cast<int32_t>(places_.size()));
  if (isNew) {
    if (places_.size() == kMostPlaces) {
      refuseSize("places", kMostPlaces);
    }
    places_.push_back(place);
  }
  return found->second;
}

// Follows rules and ends of alternatives until a character is next.
int32_t Matcher::stateOf(const std::vector<Place> &begun) {
  std::vector<Place> open = begun;
  std::unordered_set<Place, PlaceHash> seen(begun.begin(), begun.end());
  std::vector<int32_t> places;
  const auto add = [&](const Place &place) {
    if (seen.insert(place).second) {
      open.push_back(place);
    }
    if (seen.size() > kMostReadings) {
      refuseSize("readings", kMostReadings);
    }
  };
  while (!open.empty()) {
    const Place place = open.back();
    open.pop_back();
    const Sequence &sequence = sequenceOf(place);
    if (place.at == sequence.size()) {
      if (place.below == kBottom) {
        places.push_back(kBottom);
      } else {
        Place after = places_[static_cast<size_t>(place.below)];
        ++after.at;
        add(after);
      }
    } else if (const Symbol &symbol = sequence[place.at]; !symbol.isRule) {
      places.push_back(idOf(place));
    } else {
      // Where nothing follows the rule, its end is this one's: a repetition leaves no trace of its rounds.
      const int32_t below = place.at + 1 == sequence.size() ? place.below : idOf(place);
      for (uint32_t i = 0; i < grammar_.rules[symbol.rule].alternatives.size(); ++i) {
        add({symbol.rule, i, 0, below});
      }
    }
  }
  followed_ += seen.size();
  if (followed_ > kMostFollowed) {
    refuseSize("places in all", kMostFollowed);
  }
  if (places.empty()) {
    return kDead;
  }
  std::sort(places.begin(), places.end());
  places.erase(std::unique(places.begin(), places.end()), places.end());
  const auto [found, isNew] = stateIds_.emplace(places, static_cast<int32_t>(states_.size()));
  if (isNew) {
    if (states_.size() == kMostStates) {
      refuseSize("states", kMostStates);
    }
    states_.push_back({std::move(places), {}, {}});
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
  std::vector<Place> begun;
  for (const int32_t id : states_[static_cast<size_t>(state)].places) {
    if (id != kBottom &&
        sequenceOf(places_[static_cast<size_t>(id)])[places_[static_cast<size_t>(id)].at].accepts(
            character)) {
      begun.push_back(places_[static_cast<size_t>(id)]);
      ++begun.back().at;
    }
  }
  const int32_t next = begun.empty() ? kDead : stateOf(begun);
  State &from = states_[static_cast<size_t>(state)]; // stateOf may have moved it
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
  return std::any_of(state.places.begin(), state.places.end(), [&](int32_t id) {
    if (id == kBottom) {
      return false;
    }
    const Place &place = places_[static_cast<size_t>(id)];
    return sequenceOf(place)[place.at].acceptsAnyOf(position.partial.first(), position.partial.last());
  });
}

bool Matcher::isComplete(const Position &position) const {
  return position.state != kDead && position.partial.isComplete() &&
         states_[static_cast<size_t>(position.state)].places.front() == kBottom;
}

} // namespace cria::grammar
