// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// SchemaWriter: translates a JSON Schema to GBNF. Each schema becomes a rule, found by its JSON pointer, so
// that schemas may refer to each other and to themselves. Keywords that constrain values are translated or
// refused by name; annotations are ignored.
#pragma once

#include "plugins/sdk/cria_plugin.hpp"

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

namespace cria::grammar {

using Json = nlohmann::ordered_json;

/// Returns a GBNF literal that matches `text`: "a\"b" for a"b.
std::string literal(std::string_view text);
/// Escapes a member name for a JSON pointer: "~1" for '/', "~0" for '~'.
std::string escapePointer(std::string_view text);

class SchemaWriter {
public:
  static constexpr int kMaxNesting = 200;

  explicit SchemaWriter(Json schema) : root_(std::move(schema)) {}

  /// Returns the grammar. Call once. Errors: as grammarOfJsonSchema.
  std::string write();

private:
  [[noreturn]] static void refuse(cria_status status, const std::string &pointer, const std::string &why);
  [[noreturn]] static void invalid(const std::string &pointer, const std::string &why);
  /// Refuses a schema that has a member other than `known` and annotations.
  static void allowOnly(const Json &schema, const std::string &pointer,
                        std::initializer_list<std::string_view> known);
  /// Adds a rule with a new name, and returns that name.
  std::string add(const std::string &expression);
  void addRule(const std::string &name, const std::string &expression);
  /// Returns the name of the rule for a schema, and translates the schema if that has not begun yet.
  std::string ruleOf(const Json &schema, const std::string &pointer);
  std::string expressionOf(const Json &schema, const std::string &pointer);
  std::string referenceOf(const Json &schema, const std::string &pointer);
  /// Returns the target of the schema's $ref and its JSON pointer.
  std::pair<const Json *, std::string> resolve(const Json &schema, const std::string &pointer) const;
  std::string choicesOf(const Json &schema, const std::string &pointer);
  std::string alternativesOf(const Json &schema, const std::string &name, const std::string &pointer);
  /// Merges the object schemas of an allOf: the union of their properties and of their required names.
  Json merged(const Json &schema, const std::string &pointer);
  std::string typedOf(const Json &schema, const std::string &pointer);
  static bool isPlain(const Json &schema);
  std::string ofType(const Json &type, const Json &schema, const std::string &pointer);

  // Strings and integers (SchemaScalars.cpp).
  static std::optional<int64_t> integer(const Json &schema, const char *name, const std::string &pointer);
  struct Bounds {
    int64_t minimum = 0;
    std::optional<int64_t> maximum;
  };
  /// Returns the values of two keywords that bound a number of repetitions.
  static Bounds boundsOf(const Json &schema, const char *minimum, const char *maximum,
                         const std::string &pointer);
  std::string stringOf(const Json &schema, const std::string &pointer);
  std::string integerOf(const Json &schema, const std::string &pointer);

  // Arrays and objects (SchemaContainers.cpp).
  std::string arrayOf(const Json &schema, const std::string &pointer);
  std::string tupleOf(const Json &schema, const std::string &pointer);
  struct Property {
    std::string pair; // name of the rule for `"name": value`
    bool isRequired;
  };
  std::string objectOf(const Json &schema, const std::string &pointer);
  /// Returns the rule for a pair whose name is not declared; empty if there may be none.
  std::string othersOf(const Json &schema, const std::set<std::string> &names, const std::string &pointer);
  /// Returns an expression for the rest, from byte `at`, of a key that differs from all `names`, which share
  /// their first `at` bytes. Such keys have no escapes.
  std::string keyOutside(const std::set<std::string> &names, size_t at);
  /// Returns the rule for a list of pairs, in the order of declaration and then `other` ones.
  std::string pairsFrom(const std::vector<Property> &properties, const std::string &other);

  Json root_;
  std::map<std::string, std::string> names_; // names of rules by JSON pointer
  std::string rules_;
  int count_ = 0;
  int depth_ = 0; // number of schemas that are being translated
};

} // namespace cria::grammar
