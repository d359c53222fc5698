// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// SchemaWriter: writes a JSON Schema as GBNF. Each schema becomes a rule, named by its JSON pointer, so that
// schemas may refer to each other and to themselves. Of keywords, those that constrain are written or refused
// by name; annotations are passed over.
#pragma once

#include "plugins/sdk/cria_plugin.hpp"

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

namespace cria::grammar {

using Json = nlohmann::ordered_json;

/// A text of GBNF: "a\"b" for a"b.
std::string literal(std::string_view text);
/// "~1" and "~0" of a JSON pointer.
std::string escapePointer(std::string_view text);

class SchemaWriter {
public:
  static constexpr int kMostNesting = 200;

  explicit SchemaWriter(Json schema) : root_(std::move(schema)) {}

  /// The grammar. Errors: as grammarOfJsonSchema.
  std::string write();

private:
  [[noreturn]] static void refuse(cria_status status, const std::string &pointer, const std::string &why);
  [[noreturn]] static void invalid(const std::string &pointer, const std::string &why);
  /// Every member is one of `known` or an annotation.
  static void allowOnly(const Json &schema, const std::string &pointer,
                        std::initializer_list<std::string_view> known);
  /// Adds a rule and returns its name.
  std::string add(const std::string &expression);
  void addRule(const std::string &name, const std::string &expression);
  /// The rule of a schema; of one that is being written, its name.
  std::string ruleOf(const Json &schema, const std::string &pointer);
  std::string expressionOf(const Json &schema, const std::string &pointer);
  std::string referenceOf(const Json &schema, const std::string &pointer);
  /// What the $ref of a schema means, and its JSON pointer.
  std::pair<const Json *, std::string> resolve(const Json &schema, const std::string &pointer) const;
  std::string choicesOf(const Json &schema, const std::string &pointer);
  std::string alternativesOf(const Json &schema, const std::string &name, const std::string &pointer);
  // Objects alone: all properties, and required what any of them requires.
  Json merged(const Json &schema, const std::string &pointer);
  std::string typedOf(const Json &schema, const std::string &pointer);
  static bool isPlain(const Json &schema);
  std::string ofType(const Json &type, const Json &schema, const std::string &pointer);

  // Texts and numbers (SchemaScalars.cpp).
  static std::optional<int64_t> integer(const Json &schema, const char *name, const std::string &pointer);
  /// "{2,5}" from a least and a most number of times.
  static std::string boundsOf(const Json &schema, const char *least, const char *most,
                              const std::string &pointer);
  std::string stringOf(const Json &schema, const std::string &pointer);
  std::string integerOf(const Json &schema, const std::string &pointer);

  // Arrays and objects (SchemaContainers.cpp).
  std::string arrayOf(const Json &schema, const std::string &pointer);
  std::string tupleOf(const Json &schema, const std::string &pointer);
  struct Property {
    std::string pair; // rule of `"name": value`
    bool isRequired;
  };
  std::string objectOf(const Json &schema, const std::string &pointer);
  /// The rule of a pair that is not declared; empty: there are none.
  std::string othersOf(const Json &schema, const std::set<std::string> &names, const std::string &pointer);
  /// A key, without escapes, that is none of the names; all of them begin alike up to `at`.
  std::string keyOutside(const std::set<std::string> &names, size_t at);
  // In the order of declaration: from property i on, with nothing before it or with a pair before.
  std::string pairsFrom(const std::vector<Property> &properties, const std::string &other);

  Json root_;
  std::map<std::string, std::string> names_; // rules by JSON pointer
  std::string rules_;
  int count_ = 0;
  int depth_ = 0; // of schemas that are being written
};

} // namespace cria::grammar
