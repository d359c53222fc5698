// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// SchemaReader: the shapes of schemas, of their conjunctions and of their negations. Where a negation cannot
// be stated exactly, fewer values are allowed; a keyword that cannot be enforced at all is refused by name.
#pragma once

#include "plugins/samplers/grammar/JsonSchema.h"
#include "plugins/samplers/grammar/SchemaDocument.h"
#include "plugins/samplers/grammar/SchemaShape.h"

#include <deque>

namespace cria::grammar {

class SchemaReader {
public:
  static constexpr size_t kMaxShapes = 1024;    // of one node
  static constexpr size_t kMaxOfNegation = 256; // of a node with a negation: others are left out
  static constexpr size_t kMaxWork = 500'000;   // properties of all shapes that are intersected

  /// The document and the languages must outlive the reader.
  SchemaReader(const SchemaDocument &document, Languages &languages, const SchemaOptions &options)
      : document_(document), languages_(languages), options_(options) {}

  /// Returns the node of the schema that the document begins with.
  Node root() { return schemaIn(document_.root()); }
  /// Returns the shapes of the values that conform to all schemas of `node`. Valid as long as the reader.
  /// Errors: throws plugin::Refusal.
  const Shapes &shapesOf(const Node &node);
  /// Returns the shapes of the values that belong to both. If `most` is given, further ones are left out.
  /// Errors: throws plugin::Refusal if there are more than kMaxShapes, or all intersections together are more
  /// than kMaxWork.
  Shapes intersectionOf(const Shapes &a, const Shapes &b, size_t most = kMaxShapes);
  /// Returns whether no value conforms. Some nodes without a value are not found, through recursion.
  bool isEmpty(const Node &node);
  bool isEmpty(const Shape &shape);
  bool conforms(const Json &value, const Node &node);
  bool conforms(const Json &value, const Shape &shape);
  /// Returns what is required of a property.
  Node nodeOfProperty(const Shape &shape, const std::string &name);
  /// Returns shapes of the same objects in which no witness is left that only few names can be: it is a
  /// property that is required, of each of these names in a shape of its own. `most`: the number of shapes;
  /// witnesses that would make more are left.
  Shapes withNamedWitnesses(const Shape &shape, size_t most = kMaxOfNegation);
  /// Returns the values of a node if they are at most `maximum` and can be listed.
  std::optional<std::vector<Json>> valuesOf(const Node &node, size_t maximum);

private:
  using Id = Languages::Id;

  // Schemas (SchemaReader.cpp).
  Shapes read(const Atom &atom);
  Shapes readPositive(const Json &schema);
  Shapes readExactlyOne(const Json &schema);
  Shapes readCondition(const Json &schema);
  Shapes readDependency(const std::string &name, const Json &needed);
  void readUnevaluated(const Json &schema, Shapes &shapes);
  Shapes typesOf(const Json &schema);
  Shapes listed(const std::vector<Json> &values) const;
  std::optional<std::vector<Json>> listOf(const Json &schema);
  bool isKeyword(const Json &schema, const char *name) const;
  bool isEnforced(const Json &schema, const char *name);
  bool maySharePart(const Shapes &shapes, const Json &each, const Json &other);
  void endOf(const Node &node, bool wasWhole);

  // Keywords of one type (SchemaKeywords.cpp).
  void constrain(Shape &shape, const Json &schema);
  void constrainNumber(Shape &shape, const Json &schema);
  void constrainText(Shape &shape, const Json &schema);
  void constrainArray(Shape &shape, const Json &schema);
  void constrainObject(Shape &shape, const Json &schema);
  struct Bounds {
    std::optional<NumberSet::Bound> low, high;
  };
  Bounds boundsOf(const Json &schema);
  Id patternOf(const Json &schema, const std::string &pattern, const std::string &member, Reading reading);
  Id formatOf(const Json &schema);
  void checkFormat(const Json &schema) const;
  Id textsOf(const Node &node);
  struct Items {
    const Json *prefix = nullptr; // an array of schemas
    const char *prefixKeyword = "";
    const Json *rest = nullptr;
  };
  Items itemsOf(const Json &schema);
  /// Returns the node of a schema inside the one that is being read, or of the target of its reference.
  Node schemaIn(const Json &schema, bool isNegated = false);
  Node targetOf(const Json &schema, const char *keyword, bool isNegated = false);

  // Negations (SchemaNegation.cpp).
  Shapes readNegative(const Json &schema);
  bool leavesOut(const Json &schema) const;
  void negateCombinations(const Json &schema, Shapes &out);
  void negateTypes(const Json &schema, Shapes &out);
  void negateValues(const std::vector<Json> &values, Shapes &out);
  Node nodeOtherThan(const Json &value);
  Shapes valuesOtherThan(const Json &value);
  void negateNumber(const Json &schema, Shapes &out);
  void negateText(const Json &schema, Shapes &out);
  void negateArray(const Json &schema, Shapes &out);
  void negateObject(const Json &schema, Shapes &out);
  void negateNames(const Json &schema, Shapes &out);

  // Shapes (SchemaShape.cpp).
  std::optional<Shape> intersectionOf(const Shape &a, const Shape &b);

  // Names of properties (SchemaNames.cpp).
  Id otherNamesOf(const Shape &shape, Id names);
  bool mayBe(const Shape &shape, const std::string &name, const NamedNode &witness);
  bool mayHave(const Shape &shape, const NamedNode &witness);
  bool hasTooFewNames(const Shape &shape);

  const SchemaDocument &document_;
  Languages &languages_;
  SchemaOptions options_;
  bool isWhole_ = true;    // no value that conforms to the node being read has been left out
  std::set<Node> partial_; // nodes of which some were
  std::deque<Json> made_;  // schemas that are in no document
  std::map<Node, Shapes> known_;
  std::map<Node, bool> empties_;
  std::set<const Json *> checked_; // schemas whose keywords have values of their types
  std::set<Node> open_;            // that are being read
  std::set<Node> examined_;        // whose emptiness is being decided
  DynamicScopes scopes_;
  DynamicScopes::Id scope_ = DynamicScopes::kNone; // of the schema that is being read
  Reading reading_ = Reading::sure;                // of the schema that is being read
  int depth_ = 0;
  size_t work_ = 0; // properties of the shapes intersected so far
};

// The values of keywords, which checkKeywords() has checked; without the keyword nullopt, or an empty object.
std::optional<Decimal> numberOf(const Json &schema, const char *keyword);
std::optional<uint64_t> countOf(const Json &schema, const char *keyword);
std::optional<std::string> stringOf(const Json &schema, const char *keyword);
const Json &objectOf(const Json &schema, const char *keyword);
inline std::vector<std::string> namesOf(const Json &names) { return names.get<std::vector<std::string>>(); }

/// A schema that no value conforms to.
const Json &falseSchema();

} // namespace cria::grammar
