// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// SchemaDocument: a JSON Schema with its draft, and the targets of its references.
#pragma once

#include "plugins/samplers/grammar/SchemaText.h"
#include "plugins/sdk/cria_plugin.hpp"

#include <map>

namespace cria::grammar {

/// The drafts of JSON Schema that differ in what keywords mean, in their order.
enum class Draft : uint8_t { draft4, draft6, draft7, draft2019, draft2020 };

class SchemaDocument {
public:
  /// Errors: throws plugin::Refusal, as do the other functions.
  explicit SchemaDocument(std::string_view text);

  const Json &root() const { return root_; }
  /// The draft that `$schema` of the root names; 2020-12 if it names none that is known.
  Draft draft() const { return draft_; }

  /// Returns the target of a reference in `schema`, the value of its member `keyword`.
  const Json &resolve(const Json &schema, const char *keyword) const;

  [[noreturn]] void refuse(cria_status status, const Json &schema, const std::string &member,
                           const std::string &why) const;
  [[noreturn]] void invalid(const Json &schema, const std::string &member, const std::string &why) const {
    refuse(CRIA_STATUS_INVALID_ARGUMENT, schema, member, why);
  }
  [[noreturn]] void unsupported(const Json &schema, const std::string &member, const std::string &why) const {
    refuse(CRIA_STATUS_UNSUPPORTED, schema, member, why);
  }
  /// Returns where a value of the document is, as messages begin: "JSON Schema, at '/items'".
  std::string placeOf(const Json &schema, const std::string &member) const;

private:
  struct Place {
    std::string pointer, base; // the JSON pointer, and the URI that references are relative to
  };
  enum class Holds : uint8_t { schema, schemasByName, other };
  static Holds heldBy(const std::string &keyword);
  void visit(const Json &value, const Place &place, Holds holds);
  void readIdentifiers(const Json &schema, Place &place, Holds holds);
  void identify(const std::string &uri, const Json &schema);
  void refuseIfAmbiguous(const std::string &uri, const Json &schema, const char *keyword) const;
  const Json *follow(const Json *from, std::string_view pointer) const;

  Json root_;
  Draft draft_ = Draft::draft2020;
  std::map<const Json *, Place> places_;
  std::map<std::string, const Json *> resources_; // by URI; with '#' and a name, anchors
  std::map<std::string, const Json *> repeated_;  // identifiers that another schema has, too
  std::map<std::string, int> dynamicAnchors_;     // how often each name occurs
  int numRecursiveAnchors_ = 0;
};

/// Resolves a URI reference against a base URI (RFC 3986, section 5.2), without its fragment.
std::string resolveUri(std::string_view base, std::string_view reference);
/// Escapes a member name for a JSON pointer: "~1" for '/', "~0" for '~'.
std::string escapePointer(std::string_view text);

} // namespace cria::grammar
