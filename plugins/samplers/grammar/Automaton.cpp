// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Derivatives of languages: what may follow a character. They decide whether a language has a text, is empty,
// and are the states of its automaton.
#include "plugins/samplers/grammar/Languages.h"

#include <algorithm>

namespace cria::grammar {

static constexpr uint32_t kFirstSurrogate = 0xD800;

/// Returns whether digits of the fraction can make the remainder zero.
static bool canBeMultiple(const Languages::Node &node) {
  uint64_t remainder = node.high, most = 1;
  for (uint32_t i = 0; i < node.decimals && most < node.low; ++i) {
    remainder = remainder * 10 % node.low;
    most *= 10;
  }
  return most >= node.low || (node.low - remainder) % node.low < most;
}

/// Returns what may follow the character. Parts that several parts share are computed once.
Languages::Id Languages::derivative(Id id, uint32_t character) {
  if (nodes_[id].kind == Kind::characters) {
    return nodes_[id].set.contains(character) ? kEmptyText : kNothing;
  }
  if (recentCharacter_ != character) {
    recent_.clear();
    recentCharacter_ = character;
  }
  const auto known = recent_.find(id);
  if (known != recent_.end()) {
    return known->second;
  }
  const Id result = computeDerivative(id, character);
  recent_.emplace(id, result);
  return result;
}

Languages::Id Languages::computeDerivative(Id id, uint32_t character) {
  if (++numDerivatives_ > kMaxDerivatives) {
    throw TooLarge();
  }
  const Node &node = nodes_[id];
  switch (node.kind) {
  case Kind::characters:
    break; // above
  case Kind::sequence: {
    const Id inFirst = sequence(derivative(node.parts[0], character), node.parts[1]);
    return nodes_[node.parts[0]].hasEmpty ? choice({inFirst, derivative(node.parts[1], character)}) : inFirst;
  }
  case Kind::choice:
  case Kind::both: {
    std::vector<Id> parts;
    for (const Id part : node.parts) {
      parts.push_back(derivative(part, character));
    }
    return node.kind == Kind::choice ? choice(std::move(parts)) : both(std::move(parts));
  }
  case Kind::complement:
    return complement(derivative(node.parts[0], character));
  case Kind::repetition:
    return sequence(derivative(node.parts[0], character),
                    repeated(node.parts[0], node.low == 0 ? 0 : node.low - 1,
                             node.high == kNoLimit ? kNoLimit
                             : node.high == 0      ? 0
                                                   : node.high - 1));
  case Kind::multiple: {
    Node next = node;
    if (character == '.') {
      next.isInFraction = true;
      return node.isInFraction || !canBeMultiple(next) ? kNothing : add(next);
    }
    const bool isDigit = character >= '0' && character <= '9';
    if (!isDigit || (node.isInFraction && node.decimals == 0)) {
      return character == '0' ? id : kNothing; // a zero at the end of the fraction changes nothing
    }
    next.high = (node.high * 10 + (character - '0')) % node.low;
    next.decimals -= node.isInFraction ? 1 : 0;
    return node.isInFraction && !canBeMultiple(next) ? kNothing : add(next);
  }
  }
  return kNothing;
}

/// Appends the characters at which the derivative may change.
void Languages::cutsOf(Id id, std::vector<uint32_t> &cuts) const {
  const Node &node = nodes_[id];
  if (node.kind == Kind::characters) {
    for (const auto &[first, last] : node.set.ranges()) {
      cuts.push_back(first);
      cuts.push_back(last + 1);
    }
  } else if (node.kind == Kind::multiple) {
    for (const uint32_t c :
         {0x2Eu, 0x2Fu, 0x30u, 0x31u, 0x32u, 0x33u, 0x34u, 0x35u, 0x36u, 0x37u, 0x38u, 0x39u, 0x3Au}) {
      cuts.push_back(c);
    }
  } else if (node.kind == Kind::sequence) {
    cutsOf(node.parts[0], cuts);
    if (nodes_[node.parts[0]].hasEmpty) {
      cutsOf(node.parts[1], cuts);
    }
  } else {
    for (const Id part : node.parts) {
      cutsOf(part, cuts);
    }
  }
}

/// Returns the first characters of the ranges that the derivative does not divide, and the end of the last
/// one. Surrogates, which are no characters, are one range.
std::vector<uint32_t> Languages::cutsOf(Id id) const {
  std::vector<uint32_t> cuts{0, kFirstSurrogate, 0xE000, utf8::kLastCharacter + 1};
  cutsOf(id, cuts);
  std::sort(cuts.begin(), cuts.end());
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  return cuts;
}

bool Languages::contains(Id language, std::string_view text) {
  for (const uint32_t character : charactersOf(text)) {
    const auto [known, isNew] = derivatives_.try_emplace({language, character}, kNothing);
    if (isNew) {
      known->second = derivative(language, character);
    }
    language = known->second;
  }
  return nodes_[language].hasEmpty;
}

bool Languages::isEmpty(Id language) {
  if (nodes_[language].isPlain) {
    return language == kNothing; // the constructors remove what is empty
  }
  const auto known = empties_.find(language);
  if (known != empties_.end()) {
    return known->second;
  }
  const bool isEmpty = automatonOf(language).states.empty();
  empties_.emplace(language, isEmpty);
  return isEmpty;
}

namespace {

/// Removes the states from which no text is accepted.
Automaton trimmed(const Automaton &automaton) {
  const size_t size = automaton.states.size();
  std::vector<std::vector<uint32_t>> before(size);
  std::vector<uint32_t> open;
  std::vector<bool> isLive(size, false);
  for (uint32_t i = 0; i < size; ++i) {
    for (const auto &[set, target] : automaton.states[i].next) {
      before[target].push_back(i);
    }
    if (automaton.states[i].isFinal) {
      isLive[i] = true;
      open.push_back(i);
    }
  }
  while (!open.empty()) {
    const uint32_t state = open.back();
    open.pop_back();
    for (const uint32_t source : before[state]) {
      if (!isLive[source]) {
        isLive[source] = true;
        open.push_back(source);
      }
    }
  }
  if (size == 0 || !isLive[0]) {
    return {};
  }
  std::vector<uint32_t> names(size, 0);
  Automaton result;
  for (uint32_t i = 0; i < size; ++i) {
    if (isLive[i]) {
      names[i] = static_cast<uint32_t>(result.states.size());
      result.states.push_back(automaton.states[i]);
    }
  }
  for (Automaton::State &state : result.states) {
    std::erase_if(state.next, [&](const auto &edge) { return !isLive[edge.second]; });
    for (auto &edge : state.next) {
      edge.second = names[edge.second];
    }
  }
  return result;
}

} // namespace

Automaton Languages::automatonOf(Id language) {
  Automaton automaton;
  std::map<Id, uint32_t> names{{language, 0}};
  std::vector<Id> ids{language};
  for (uint32_t at = 0; at < ids.size(); ++at) {
    const Id id = ids[at];
    std::map<uint32_t, std::vector<std::pair<uint32_t, uint32_t>>> targets;
    const std::vector<uint32_t> cuts = cutsOf(id);
    for (size_t i = 0; i + 1 < cuts.size(); ++i) {
      const Id next = derivative(id, cuts[i]);
      if (cuts[i] == kFirstSurrogate || next == kNothing) {
        continue;
      }
      const auto [found, isNew] = names.emplace(next, static_cast<uint32_t>(ids.size()));
      if (isNew) {
        ids.push_back(next);
      }
      targets[found->second].emplace_back(cuts[i], cuts[i + 1] - 1);
    }
    if (ids.size() > kMaxStates) {
      throw TooLarge();
    }
    automaton.states.push_back({nodes_[id].hasEmpty, {}, id});
    for (auto &[target, ranges] : targets) {
      automaton.states.back().next.emplace_back(CharRanges(std::move(ranges)), target);
    }
  }
  return trimmed(automaton);
}

} // namespace cria::grammar
