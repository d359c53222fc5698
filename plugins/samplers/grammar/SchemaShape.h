// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Shape: the values of one type that satisfy a conjunction of constraints. A schema is a disjunction of
// shapes.
#pragma once

#include "plugins/samplers/grammar/DynamicScopes.h"
#include "plugins/samplers/grammar/NumberSet.h"
#include "plugins/samplers/grammar/Reading.h"
#include "plugins/samplers/grammar/SchemaText.h"

#include <set>

namespace cria::grammar {

/// A schema of a document, or its negation, in the dynamic scope in which it was reached: the values that
/// surely conform, or at least all that possibly do.
struct Atom {
  size_t order; // of the schema in the documents, so that results do not depend on addresses
  const Json *schema;
  bool isNegated;
  DynamicScopes::Id scope;
  Reading reading;
  auto operator<=>(const Atom &) const = default;
};
/// Schemas that a value conforms to together; none: any value. In ascending order, each once.
using Node = std::vector<Atom>;

Node joined(const Node &a, const Node &b);
/// Returns the node of the values that conform to none of the schemas.
Node negated(Node node);

enum class ValueType : uint8_t { null, boolean, number, string, array, object };

ValueType typeOf(const Json &value);

/// What is required of the properties whose names belong to a language.
struct NamedNode {
  Languages::Id names;
  Node node;
  bool operator==(const NamedNode &) const = default;
};

/// A number of items from `minimum` to `maximum` conforms to `node`.
struct Contained {
  Node node;
  uint64_t minimum, maximum;
  bool operator==(const Contained &) const = default;
};

/// The values of a type. Members of other types are as constructed.
struct Shape {
  static constexpr uint64_t kNoLimit = UINT64_MAX;

  ValueType type;
  std::optional<std::vector<Json>> values = std::nullopt; // only these, if given
  NumberSet numbers = {};
  Languages::Id text = Languages::kAnyText;

  // Arrays: items by position, and the others.
  std::vector<Node> prefix = {};
  Node rest = {};
  std::vector<Contained> contained = {};
  bool isUnique = false;
  uint64_t numEvaluated = 0; // items that the schema's keywords speak of; kNoLimit: all

  // Objects.
  std::vector<NamedNode> properties = {};
  std::vector<std::string> order = {}; // names that are declared
  std::set<std::string> required = {};
  std::vector<std::string> requiredOrder = {};   // the names of `required`, in the order of the schema
  Languages::Id evaluated = Languages::kNothing; // names that the schema's keywords speak of
  std::vector<NamedNode> witnesses = {};         // of each, at least one property is there

  uint64_t minimum = 0, maximum = kNoLimit; // number of items or properties

  bool operator==(const Shape &) const = default;

  const Node &item(uint64_t index) const { return index < prefix.size() ? prefix[index] : rest; }
};
using Shapes = std::vector<Shape>;

/// Returns the names that an object lists: those declared, in their order, then others that are required.
std::vector<std::string> listedNamesOf(const Shape &shape);
/// Appends the names that are not in `out`.
void appendNames(std::vector<std::string> &out, const std::vector<std::string> &more);

inline void append(Shapes &out, const Shapes &more) { out.insert(out.end(), more.begin(), more.end()); }

} // namespace cria::grammar
