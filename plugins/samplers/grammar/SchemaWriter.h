// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// SchemaWriter: writes the values of a JSON Schema as GBNF. Each conjunction of schemas becomes a rule, so
// that schemas may refer to each other and to themselves.
#pragma once

#include "plugins/samplers/grammar/JsonSchema.h"
#include "plugins/samplers/grammar/LanguageWriter.h"
#include "plugins/samplers/grammar/SchemaReader.h"

namespace cria::grammar {

/// Returns a GBNF literal that matches `text`: "a\"b" for a"b.
std::string literal(std::string_view text);

class SchemaWriter {
public:
  SchemaWriter(const SchemaDocument &document, const SchemaOptions &options);

  /// Returns the grammar. Call once. Errors: as grammarOfJsonSchema.
  std::string write();

private:
  using Id = Languages::Id;

  /// Adds a rule and returns its name, a new one unless it is given.
  std::string add(const std::string &expression, const std::string &name = "");
  /// Returns the name of the rule for a node, and writes the rule if that has not begun yet.
  std::string ruleOf(const Node &node);
  std::string expressionOf(const Shape &shape, const Node &node);
  /// Returns an expression for one value, with blanks between its parts.
  std::string valueOf(const Json &value);
  [[noreturn]] void refuse(const Node &node, const char *keyword, const std::string &why) const;

  // Arrays (ArrayWriter.cpp).
  std::string arrayOf(const Shape &shape, const Node &node);
  std::string listOf(const Shape &shape);
  std::string tupleOf(const Shape &shape);
  class ItemCounts;
  std::string countedOf(const Shape &shape, const Node &node);
  std::optional<std::string> distinctOf(const Shape &shape);
  std::string itemOf(const Shape &shape, const Node &node);

  // Objects (ObjectWriter.cpp).
  struct Property {
    std::string pair; // name of the rule for `"name": value`
    bool isRequired;
  };
  /// Pairs of names that are not listed. They differ from each other: the matcher compares them.
  struct OtherPairs {
    std::string expression; // for one pair
    std::vector<Id> names;  // without common ones; none: there are no such pairs
  };
  std::string objectOf(const Shape &shape, const Node &node);
  /// Returns the pairs whose names are not among `names`, each of which is all of the witnesses.
  OtherPairs othersOf(const Shape &shape, const std::vector<std::string> &names,
                      const std::vector<NamedNode> &witnesses, const Node &node);
  void addOthers(Id names, const Node &value, std::span<const NamedNode> rules, OtherPairs &others);
  std::optional<std::vector<std::string>> namesOf(const OtherPairs &others, size_t maximum);
  /// Returns how many such pairs an object can have; Shape::kNoLimit if they are many.
  uint64_t numOf(const OtherPairs &others);
  std::string pairOf(const std::string &name, const Node &value);
  /// Returns the rule for a list of pairs, in the order of declaration and then `others`.
  std::string pairsOf(const Shape &shape, const std::vector<Property> &properties, const OtherPairs &others,
                      const Node &node);
  /// The same for an object with witnesses (WitnessWriter.cpp).
  std::string witnessedPairsOf(const Shape &shape, std::vector<std::string> names, const Node &node);

  const SchemaDocument &document_;
  SchemaOptions options_;
  Languages languages_;
  SchemaReader reader_;
  LanguageWriter languageWriter_;
  std::map<Node, std::string> names_; // of rules
  std::string rules_;
  int count_ = 0;
};

} // namespace cria::grammar
