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
  std::string objectOf(const Shape &shape, const Node &node);
  std::vector<std::string> namesOf(const Shape &shape);
  /// Which pairs an object has beside those of names that it lists.
  struct OtherPairs {
    std::vector<NamedNode> witnesses = {}; // that each of them is
    bool areDistinct = false;              // their names differ
  };
  /// Returns an expression for a pair whose name is not among `names`; empty if there may be none.
  std::string othersOf(const Shape &shape, const std::vector<std::string> &names, const OtherPairs &which,
                       const Node &node);
  void addOthers(Id names, const Node &value, std::span<const NamedNode> rules, bool areDistinct,
                 std::string &pairs);
  std::string pairOf(const std::string &name, const Node &value);
  /// Returns the rule for a list of pairs, in the order of declaration and then `other` ones.
  std::string pairsOf(const Shape &shape, const std::vector<Property> &properties, const std::string &other,
                      const Node &node);
  /// The same with names that all differ: for an object of a number of properties, or with witnesses
  /// (WitnessWriter.cpp).
  std::string distinctPairsOf(const Shape &shape, const std::vector<std::string> &names, const Node &node);

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
