// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Writes objects of a JSON Schema.
#include "plugins/samplers/grammar/SchemaWriter.h"

#include <algorithm>

namespace cria::grammar {

std::string SchemaWriter::pairOf(const std::string &name, const Node &value) {
  return literal(Json(name).dump()) + " ws \":\" ws " + ruleOf(value) + " ws";
}

std::string SchemaWriter::objectOf(const Shape &shape, const Node &node) {
  const std::vector<std::string> names = listedNamesOf(shape);
  if (!shape.witnesses.empty()) {
    const std::string pairs = witnessedPairsOf(shape, names, node);
    return pairs.empty() ? "" : "\"{\" ws " + pairs + " \"}\"";
  }
  std::vector<Property> properties;
  for (const std::string &name : names) {
    const Node value = reader_.nodeOfProperty(shape, name);
    const bool isRequired = shape.required.contains(name);
    if (reader_.isEmpty(value)) {
      if (isRequired) {
        return "";
      }
      continue; // never there
    }
    properties.push_back({add(pairOf(name, value)), isRequired});
  }
  OtherPairs others;
  if (shape.maximum != shape.required.size()) {
    others = othersOf(shape, names, {}, node);
  }
  if (properties.empty() && others.expression == "string %distinct ws \":\" ws value ws" &&
      shape.minimum == 0 && shape.maximum == Shape::kNoLimit) {
    return "object";
  }
  const std::string pairs = pairsOf(shape, properties, others, node);
  return pairs.empty() ? "" : "\"{\" ws " + pairs + " \"}\"";
}

SchemaWriter::OtherPairs SchemaWriter::othersOf(const Shape &shape, const std::vector<std::string> &names,
                                                const std::vector<NamedNode> &witnesses, const Node &node) {
  std::vector<Id> declared;
  std::vector<NamedNode> rules; // of more than one name, each language once
  for (const std::string &name : names) {
    declared.push_back(languages_.text(name));
  }
  for (const NamedNode &each : shape.properties) {
    const auto same = std::find_if(rules.begin(), rules.end(),
                                   [&](const NamedNode &rule) { return rule.names == each.names; });
    if (same != rules.end()) {
      same->node = joined(same->node, each.node);
    } else if (std::find(declared.begin(), declared.end(), each.names) == declared.end()) {
      rules.push_back(each);
    }
  }
  constexpr size_t kMaxRules = 64;
  if (rules.size() > kMaxRules) {
    refuse(node, "patternProperties",
           "is supported with at most " + std::to_string(kMaxRules) + " patterns and forbidden names");
  }
  // An object that declares properties has no others than those its keywords speak of.
  const bool isClosed =
      !options_.hasOpenObjects && shape.evaluated != Languages::kNothing && witnesses.empty();
  std::vector<Id> parts = {declared.empty() ? Languages::kAnyText
                                            : languages_.complement(languages_.choice(declared)),
                           isClosed ? shape.evaluated : Languages::kAnyText};
  Node value;
  for (const NamedNode &each : witnesses) {
    parts.push_back(each.names);
    value = joined(value, each.node);
  }
  OtherPairs others;
  if (!reader_.isEmpty(value)) {
    addOthers(languages_.both(parts), value, rules, others);
  }
  return others;
}

/// Appends pairs for the names, divided by the rules that they follow.
void SchemaWriter::addOthers(Id names, const Node &value, std::span<const NamedNode> rules,
                             OtherPairs &others) {
  if (languages_.isEmpty(names)) {
    return;
  }
  if (!rules.empty()) {
    const Id here = rules.front().names;
    addOthers(languages_.both({names, languages_.complement(here)}), value, rules.subspan(1), others);
    const Node both = joined(value, rules.front().node);
    if (!reader_.isEmpty(both)) {
      addOthers(languages_.both({names, here}), both, rules.subspan(1), others);
    }
    return;
  }
  const std::string key =
      names == Languages::kAnyText ? "string" : R"("\"" )" + languageWriter_.write(names) + R"( "\"")";
  others.expression +=
      (others.expression.empty() ? "" : " | ") + key + " %distinct ws \":\" ws " + ruleOf(value) + " ws";
  others.names.push_back(names);
}

/// Returns the names of other pairs if they are at most `maximum`.
std::optional<std::vector<std::string>> SchemaWriter::namesOf(const OtherPairs &others, size_t maximum) {
  std::vector<std::string> names;
  for (const Id each : others.names) {
    const std::optional<std::vector<std::string>> texts = languages_.textsOf(each, maximum - names.size());
    if (!texts) {
      return std::nullopt;
    }
    names.insert(names.end(), texts->begin(), texts->end());
  }
  return names;
}

uint64_t SchemaWriter::numOf(const OtherPairs &others) {
  constexpr size_t kMany = 4096;
  const std::optional<std::vector<std::string>> names = namesOf(others, kMany);
  return names ? names->size() : Shape::kNoLimit;
}

/// Writes rules for the pairs from each property on, by the number of pairs before it, as far as that
/// matters.
std::string SchemaWriter::pairsOf(const Shape &shape, const std::vector<Property> &properties,
                                  const OtherPairs &others, const Node &node) {
  constexpr uint64_t kMaxPairs = 1000;
  const bool hasOthers = !others.names.empty();
  const bool isBounded = shape.maximum != Shape::kNoLimit && (hasOthers || shape.maximum < properties.size());
  const uint64_t most =
      isBounded ? std::max<uint64_t>(shape.maximum, 1) : std::max<uint64_t>(shape.minimum, 1);
  const uint64_t numStates = std::min<uint64_t>(most, properties.size());
  if (numStates > kMaxPairs) {
    refuse(node, isBounded ? "maxProperties" : "minProperties",
           "is supported with at most " + std::to_string(kMaxPairs) + " declared properties");
  }
  const uint64_t numOthers = shape.minimum > 1 ? numOf(others) : Shape::kNoLimit;
  const std::string pair = hasOthers ? add(others.expression) : "";
  const auto othersAfter = [&](uint64_t count) -> std::string { // "": impossible
    const uint64_t missing = shape.minimum - std::min(count, shape.minimum);
    const uint64_t left = isBounded ? shape.maximum - std::min(count, shape.maximum) : Shape::kNoLimit;
    if (!hasOthers || left == 0) {
      return missing == 0 ? "\"\"" : "";
    }
    if (missing > std::min(left, numOthers)) {
      return "";
    }
    const auto times = [&](uint64_t minimum, uint64_t used) {
      return timesOf(minimum, isBounded ? left - used : Shape::kNoLimit);
    };
    if (count > 0) {
      return add("(\",\" ws " + pair + ")" + times(missing, 0));
    }
    return add(pair + " (\",\" ws " + pair + ")" + times(missing == 0 ? 0 : missing - 1, 1) +
               (missing == 0 ? " | \"\"" : ""));
  };
  std::vector<std::string> after; // by number of pairs
  for (uint64_t count = 0; count <= numStates; ++count) {
    after.push_back(othersAfter(count));
  }
  for (size_t i = properties.size(); i-- > 0;) {
    std::vector<std::string> here;
    for (uint64_t count = 0; count <= numStates; ++count) {
      const uint64_t next = std::min(count + 1, numStates);
      const bool mayBe = !isBounded || count < shape.maximum;
      std::string choices = mayBe && !after[next].empty()
                                ? (count == 0 ? "" : "\",\" ws ") + properties[i].pair + " " + after[next]
                                : "";
      if (!properties[i].isRequired && !after[count].empty()) {
        choices += (choices.empty() ? "" : " | ") + after[count];
      }
      here.push_back(choices.empty() ? "" : add(choices));
    }
    after = std::move(here);
  }
  return after[0];
}

} // namespace cria::grammar
