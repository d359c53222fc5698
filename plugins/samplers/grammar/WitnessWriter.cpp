// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Writes objects of which properties of some kind are required under any of many names.
#include "plugins/samplers/grammar/SchemaWriter.h"

#include <algorithm>

namespace cria::grammar {

static constexpr size_t kMaxWitnesses = 4;
static constexpr uint64_t kMaxObjectStates = 20000; // rules of an object

namespace {

/// The witnesses of a set, of which bit i stands for witness i.
std::vector<NamedNode> chosenOf(const std::vector<NamedNode> &witnesses, uint64_t set) {
  std::vector<NamedNode> chosen;
  for (size_t i = 0; i < witnesses.size(); ++i) {
    if ((set >> i & 1) != 0) {
      chosen.push_back(witnesses[i]);
    }
  }
  return chosen;
}

} // namespace

/// Writes a rule for the pairs from each property on, by the number of pairs before it, as far as that
/// matters, and by the witnesses that are among them.
std::string SchemaWriter::witnessedPairsOf(const Shape &shape, std::vector<std::string> names,
                                           const Node &node) {
  constexpr size_t kMaxNamed = 16;
  if (const auto few = namesOf(othersOf(shape, names, {}, node), kMaxNamed)) {
    names.insert(names.end(), few->begin(), few->end()); // listed, so that it is known how many are left
  }
  const size_t numSets = size_t{1} << std::min(shape.witnesses.size(), kMaxWitnesses);
  const bool isBounded = shape.maximum != Shape::kNoLimit;
  const uint64_t most = std::max<uint64_t>(isBounded ? shape.maximum : shape.minimum, 1);
  if (most > kMaxObjectStates || (most + 1) * numSets * (names.size() + 1) > kMaxObjectStates) {
    refuse(node, isBounded ? "maxProperties" : "minProperties",
           "is supported with at most " + std::to_string(kMaxObjectStates) +
               " combinations of the numbers and kinds of properties");
  }
  if (shape.witnesses.size() > kMaxWitnesses) {
    refuse(node, "not",
           "is supported with at most " + std::to_string(kMaxWitnesses) +
               " negations of keywords for names that are not listed, for one object");
  }
  // Pairs that are the witnesses of a set, for each property and for others; empty: there are none.
  std::vector<std::vector<std::string>> pairs(names.size() + 1, std::vector<std::string>(numSets));
  for (uint64_t set = 0; set < numSets; ++set) {
    const std::vector<NamedNode> chosen = chosenOf(shape.witnesses, set);
    for (size_t i = 0; i < names.size(); ++i) {
      Node value = reader_.nodeOfProperty(shape, names[i]);
      bool isNamed = true;
      for (const NamedNode &each : chosen) {
        value = joined(value, each.node);
        isNamed &= languages_.contains(each.names, names[i]);
      }
      pairs[i][set] = isNamed && !reader_.isEmpty(value) ? add(pairOf(names[i], value)) : "";
    }
    const OtherPairs others = othersOf(shape, names, chosen, node);
    pairs[names.size()][set] = others.names.empty() ? "" : add(others.expression);
  }

  const std::string prefix = "o" + std::to_string(count_++) + "-";
  const auto nameOf = [&](size_t at, uint64_t count, uint64_t set) {
    return prefix + std::to_string(at) + "-" + std::to_string(count) + "-" + std::to_string(set);
  };
  for (size_t at = 0; at <= names.size(); ++at) {
    const bool isLast = at == names.size();
    for (uint64_t count = 0; count <= most; ++count) {
      for (uint64_t set = 0; set < numSets; ++set) {
        std::string choices;
        const auto choose = [&](const std::string &choice) {
          choices += (choices.empty() ? "" : " | ") + choice;
        };
        for (uint64_t own = 0; own < numSets && count < shape.maximum; ++own) {
          if (!pairs[at][own].empty() && (own & set) == 0) {
            choose((count == 0 ? "" : "\",\" ws ") + pairs[at][own] + " " +
                   nameOf(isLast ? at : at + 1, std::min(count + 1, most), set | own));
          }
        }
        if (isLast && count >= shape.minimum && set + 1 == numSets) {
          choose("\"\"");
        } else if (!isLast && !shape.required.contains(names[at])) {
          choose(nameOf(at + 1, count, set));
        }
        add(choices.empty() ? nameOf(at, count, set) : choices, nameOf(at, count, set));
      }
    }
  }
  return nameOf(0, 0, 0);
}

} // namespace cria::grammar
