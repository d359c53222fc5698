// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Constructors of languages. They keep expressions in a normal form, so that derivatives repeat.
#include "plugins/samplers/grammar/Languages.h"

#include <algorithm>

namespace cria::grammar {
namespace {

constexpr uint64_t kNoLimit = Languages::kNoLimit;
constexpr size_t kMaxNodes = size_t{1} << 22;

uint64_t plus(uint64_t a, uint64_t b) { return a > kNoLimit - b ? kNoLimit : a + b; }
uint64_t times(uint64_t a, uint64_t b) { return a != 0 && b > kNoLimit / a ? kNoLimit : a * b; }
uint64_t minus(uint64_t a, uint64_t b) { return a == kNoLimit ? a : a < b ? 0 : a - b; }

} // namespace

Languages::Languages() {
  add({.kind = Kind::choice});
  const Id everyCharacter = 3;
  add({.kind = Kind::repetition, .parts = {kNothing}});
  nodes_.push_back({.kind = Kind::repetition,
                    .parts = {everyCharacter},
                    .low = 0,
                    .high = kNoLimit,
                    .hasEmpty = true,
                    .isPlain = true,
                    .shortest = 0,
                    .longest = kNoLimit});
  ids_[{Kind::repetition, {}, {everyCharacter}, 0, kNoLimit, 0, false}] = kAnyText;
  characters(CharRanges().complement());
}

/// Computes what a node says of its language from those of its parts.
void Languages::measure(Node &node) const {
  const auto part = [&](size_t i) -> const Node & { return nodes_[node.parts[i]]; };
  for (const Id id : node.parts) {
    node.isPlain &= nodes_[id].isPlain;
  }
  switch (node.kind) {
  case Kind::characters:
    node.shortest = node.longest = 1;
    return;
  case Kind::sequence:
    node.hasEmpty = part(0).hasEmpty && part(1).hasEmpty;
    node.shortest = plus(part(0).shortest, part(1).shortest);
    node.longest = plus(part(0).longest, part(1).longest);
    return;
  case Kind::choice:
    node.shortest = node.parts.empty() ? 0 : kNoLimit;
    for (const Id id : node.parts) {
      node.hasEmpty |= nodes_[id].hasEmpty;
      node.shortest = std::min(node.shortest, nodes_[id].shortest);
      node.longest = std::max(node.longest, nodes_[id].longest);
    }
    return;
  case Kind::both:
    node.isPlain = false;
    node.hasEmpty =
        std::all_of(node.parts.begin(), node.parts.end(), [&](Id id) { return nodes_[id].hasEmpty; });
    return;
  case Kind::complement:
    node.isPlain = false;
    node.hasEmpty = !part(0).hasEmpty;
    return;
  case Kind::repetition:
    node.hasEmpty = node.low == 0 || part(0).hasEmpty;
    node.shortest = times(part(0).shortest, node.low);
    node.longest = times(part(0).longest, node.high);
    return;
  case Kind::multiple: {
    node.isPlain = false;
    uint64_t remainder = node.high;
    for (uint32_t i = 0; i < node.decimals; ++i) {
      remainder = remainder * 10 % node.low;
    }
    node.hasEmpty = remainder == 0;
    return;
  }
  }
}

Languages::Id Languages::add(Node node) {
  const auto [found, isNew] = ids_.emplace(
      Key{node.kind, node.set.ranges(), node.parts, node.low, node.high, node.decimals, node.isInFraction},
      static_cast<Id>(nodes_.size()));
  if (isNew) {
    if (nodes_.size() == kMaxNodes) {
      throw TooLarge();
    }
    measure(node);
    nodes_.push_back(std::move(node));
  }
  return found->second;
}

Languages::Id Languages::characters(const CharRanges &set) {
  const CharRanges valid = set.without({{0xD800, 0xDFFF}});
  return valid.empty() ? kNothing : add({.kind = Kind::characters, .set = valid});
}

Languages::Id Languages::sequence(Id first, Id second) {
  if (first == kNothing || second == kNothing) {
    return kNothing;
  }
  if (first == kEmptyText || second == kEmptyText) {
    return first == kEmptyText ? second : first;
  }
  if (first == second && first == kAnyText) {
    return kAnyText;
  }
  std::vector<Id> heads; // sequences lean to the right
  while (nodes_[first].kind == Kind::sequence) {
    heads.push_back(nodes_[first].parts[0]);
    first = nodes_[first].parts[1];
  }
  heads.push_back(first);
  for (size_t i = heads.size(); i-- > 0;) {
    second = add({.kind = Kind::sequence, .parts = {heads[i], second}});
  }
  return second;
}

Languages::Id Languages::sequence(std::initializer_list<Id> parts) {
  Id whole = kEmptyText;
  for (auto part = std::rbegin(parts); part != std::rend(parts); ++part) {
    whole = sequence(*part, whole);
  }
  return whole;
}

Languages::Id Languages::text(std::string_view text) {
  std::vector<Id> parts;
  for (const uint32_t character : charactersOf(text)) {
    parts.push_back(characters({{character, character}}));
  }
  Id whole = kEmptyText;
  for (size_t i = parts.size(); i-- > 0;) {
    whole = sequence(parts[i], whole);
  }
  texts_.insert(whole);
  return whole;
}

/// Appends `part`, or its parts if it is of the same kind.
void Languages::appendParts(Kind kind, Id part, std::vector<Id> &parts) const {
  if (nodes_[part].kind == kind) {
    parts.insert(parts.end(), nodes_[part].parts.begin(), nodes_[part].parts.end());
  } else {
    parts.push_back(part);
  }
}

Languages::Id Languages::choice(std::vector<Id> parts) {
  std::vector<Id> flat;
  CharRanges set;
  for (const Id part : parts) {
    appendParts(Kind::choice, part, flat);
  }
  std::erase_if(flat, [&](Id part) {
    if (nodes_[part].kind == Kind::characters) {
      set.add(nodes_[part].set);
    }
    return nodes_[part].kind == Kind::characters;
  });
  if (!set.empty()) {
    flat.push_back(characters(set));
  }
  std::sort(flat.begin(), flat.end());
  flat.erase(std::unique(flat.begin(), flat.end()), flat.end());
  if (std::binary_search(flat.begin(), flat.end(), kAnyText)) {
    return kAnyText;
  }
  return flat.empty()       ? kNothing
         : flat.size() == 1 ? flat[0]
                            : add({.kind = Kind::choice, .parts = std::move(flat)});
}

Languages::Id Languages::both(std::vector<Id> parts) {
  std::vector<Id> flat;
  std::optional<CharRanges> set;
  for (const Id part : parts) {
    appendParts(Kind::both, part, flat);
  }
  std::erase_if(flat, [&](Id part) {
    const bool isSet = nodes_[part].kind == Kind::characters;
    if (isSet) {
      const CharRanges &other = nodes_[part].set;
      set = set ? set->without(other.complement()) : other;
    }
    return isSet || part == kAnyText;
  });
  if (set) {
    flat.push_back(characters(*set));
  }
  std::sort(flat.begin(), flat.end());
  flat.erase(std::unique(flat.begin(), flat.end()), flat.end());
  const bool contradicts = std::any_of(flat.begin(), flat.end(), [&](Id part) {
    return nodes_[part].kind == Kind::complement &&
           std::binary_search(flat.begin(), flat.end(), nodes_[part].parts[0]);
  });
  if (contradicts || std::binary_search(flat.begin(), flat.end(), kNothing)) {
    return kNothing;
  }
  return flat.empty()       ? kAnyText
         : flat.size() == 1 ? flat[0]
                            : add({.kind = Kind::both, .parts = std::move(flat)});
}

Languages::Id Languages::complement(Id part) {
  if (part == kNothing || part == kAnyText) {
    return part == kNothing ? kAnyText : kNothing;
  }
  return nodes_[part].kind == Kind::complement ? nodes_[part].parts[0]
                                               : add({.kind = Kind::complement, .parts = {part}});
}

Languages::Id Languages::repeated(Id part, uint64_t minimum, uint64_t maximum) {
  if (maximum < minimum) {
    return kNothing;
  }
  if (maximum == 0 || part == kEmptyText || part == kNothing) {
    return minimum == 0 || part == kEmptyText ? kEmptyText : kNothing;
  }
  if (minimum == 1 && maximum == 1) {
    return part;
  }
  minimum = nodes_[part].hasEmpty ? 0 : minimum; // an iteration may be empty
  const Node &inner = nodes_[part];
  if (inner.kind == Kind::repetition && inner.low <= 1 && inner.high == kNoLimit && minimum <= 1) {
    return repeated(inner.parts[0], std::min(inner.low, minimum), kNoLimit);
  }
  return add({.kind = Kind::repetition, .parts = {part}, .low = minimum, .high = maximum});
}

Languages::Id Languages::multiples(uint64_t modulus, uint32_t decimals) {
  return add({.kind = Kind::multiple, .low = modulus, .high = 0, .decimals = decimals});
}

/// Counts characters beside the states of the language.
Languages::Id Languages::counted(Id part, uint64_t minimum, uint64_t maximum) {
  const uint64_t states = std::max<size_t>(automatonOf(part).states.size(), 1);
  const uint64_t most = kMaxStates / (states + 1);
  if (minimum >= most) {
    throw TooLarge();
  }
  const uint64_t longest = maximum == kNoLimit ? maximum : std::min(maximum, most - 1);
  return both({part, repeated(characters(CharRanges().complement()), minimum, longest)});
}

Languages::Id Languages::withLength(Id part, uint64_t minimum, uint64_t maximum) {
  const Node &node = nodes_[part];
  if (maximum < minimum || part == kNothing) {
    return kNothing;
  }
  if (!node.isPlain) {
    return counted(part, minimum, maximum);
  }
  if (node.shortest > maximum || node.longest < minimum) {
    return kNothing;
  }
  if (minimum <= node.shortest && node.longest <= maximum) {
    return part;
  }
  const auto fixed = [&](Id id) {
    return nodes_[id].shortest == nodes_[id].longest ? std::optional(nodes_[id].shortest) : std::nullopt;
  };
  if (node.kind == Kind::choice) {
    std::vector<Id> parts;
    for (const Id each : node.parts) {
      parts.push_back(withLength(each, minimum, maximum));
    }
    return choice(parts);
  }
  if (node.kind == Kind::repetition) {
    if (const auto size = fixed(node.parts[0]); size && *size > 0) {
      return repeated(node.parts[0], std::max(node.low, (minimum + *size - 1) / *size),
                      std::min(node.high, maximum == kNoLimit ? kNoLimit : maximum / *size));
    }
  }
  if (node.kind == Kind::sequence) {
    if (const auto size = fixed(node.parts[0])) {
      return sequence(node.parts[0], withLength(node.parts[1], minus(minimum, *size), minus(maximum, *size)));
    }
    std::vector<Id> parts = {node.parts[0]};
    Id last = node.parts[1];
    while (nodes_[last].kind == Kind::sequence) {
      parts.push_back(nodes_[last].parts[0]);
      last = nodes_[last].parts[1];
    }
    if (const auto size = fixed(last)) {
      Id front = kEmptyText;
      for (size_t i = parts.size(); i-- > 0;) {
        front = sequence(parts[i], front);
      }
      return sequence(withLength(front, minus(minimum, *size), minus(maximum, *size)), last);
    }
  }
  return counted(part, minimum, maximum);
}

} // namespace cria::grammar
