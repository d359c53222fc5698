// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which properties objects may have, as far as their names decide.
#include "plugins/samplers/grammar/SchemaReader.h"

#include <algorithm>

namespace cria::grammar {

void appendNames(std::vector<std::string> &out, const std::vector<std::string> &more) {
  for (const std::string &name : more) {
    if (std::find(out.begin(), out.end(), name) == out.end()) {
      out.push_back(name);
    }
  }
}

std::vector<std::string> listedNamesOf(const Shape &shape) {
  std::vector<std::string> names = shape.order;
  appendNames(names, shape.requiredOrder);
  appendNames(names, {shape.required.begin(), shape.required.end()}); // those that a dependency requires
  return names;
}

Node SchemaReader::nodeOfProperty(const Shape &shape, const std::string &name) {
  Node node;
  const Languages::Id text = languages_.text(name);
  for (const NamedNode &each : shape.properties) {
    if (each.names == text || (!languages_.isText(each.names) && languages_.contains(each.names, name))) {
      node = joined(node, each.node);
    }
  }
  return node;
}

/// Returns the names of a language that properties which are not listed may have. Some may be among them
/// whose schemas contradict each other.
Languages::Id SchemaReader::otherNamesOf(const Shape &shape, Id names) {
  std::vector<Id> excluded;
  for (const NamedNode &each : shape.properties) {
    if (isEmpty(each.node)) {
      excluded.push_back(each.names);
    }
  }
  for (const std::string &name : listedNamesOf(shape)) {
    excluded.push_back(languages_.text(name));
  }
  return languages_.both({names, languages_.complement(languages_.choice(excluded))});
}

/// Returns whether an object may have a property of this name that is the witness.
bool SchemaReader::mayBe(const Shape &shape, const std::string &name, const NamedNode &witness) {
  return languages_.contains(witness.names, name) &&
         !isEmpty(joined(nodeOfProperty(shape, name), witness.node));
}

/// Returns whether an object may have a property that is required of it. Not every case without one is found.
bool SchemaReader::mayHave(const Shape &shape, const NamedNode &witness) {
  if (shape.maximum == 0 || isEmpty(witness.node)) {
    return false;
  }
  const std::vector<std::string> listed = listedNamesOf(shape);
  return std::any_of(listed.begin(), listed.end(),
                     [&](const std::string &name) { return mayBe(shape, name, witness); }) ||
         !languages_.isEmpty(otherNamesOf(shape, witness.names));
}

/// Returns whether an object needs more properties than there are names for. Not every such case is found.
bool SchemaReader::hasTooFewNames(const Shape &shape) {
  constexpr uint64_t kMost = 4096;
  uint64_t numMissing = std::min(shape.minimum, kMost);
  if (numMissing == 0) {
    return false;
  }
  for (const std::string &name : listedNamesOf(shape)) {
    numMissing -= isEmpty(nodeOfProperty(shape, name)) ? 0 : 1;
    if (numMissing == 0) {
      return false;
    }
  }
  return languages_.textsOf(otherNamesOf(shape, Languages::kAnyText), numMissing - 1).has_value();
}

Shapes SchemaReader::withNamedWitnesses(const Shape &shape, size_t most) {
  for (size_t i = 0; i < shape.witnesses.size(); ++i) {
    const NamedNode &witness = shape.witnesses[i];
    const std::optional<std::vector<std::string>> others =
        languages_.textsOf(otherNamesOf(shape, witness.names), most);
    if (!others) {
      continue;
    }
    std::vector<std::string> names = listedNamesOf(shape);
    names.insert(names.end(), others->begin(), others->end());
    std::erase_if(names, [&](const std::string &name) { return !mayBe(shape, name, witness); });
    if (names.size() > most) {
      continue;
    }
    Shape rest = shape;
    rest.witnesses.erase(rest.witnesses.begin() + static_cast<std::ptrdiff_t>(i));
    Shapes result;
    for (const std::string &name : names) {
      Shape named = rest;
      named.required.insert(name);
      named.properties.push_back({languages_.text(name), witness.node});
      append(result, withNamedWitnesses(named, most / names.size()));
    }
    return result;
  }
  return {shape};
}

} // namespace cria::grammar
