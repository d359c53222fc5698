// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// SchemaDocument: a JSON Schema with its draft, the documents that it may refer to, and the targets of
// references.
#pragma once

#include "plugins/samplers/grammar/DynamicScopes.h"
#include "plugins/sdk/cria_plugin.hpp"

#include <deque>

namespace cria::grammar {

/// The drafts of JSON Schema that differ in what keywords mean, in their order.
enum class Draft : uint8_t { draft3, draft4, draft6, draft7, draft2019, draft2020, unknown };

class SchemaDocument {
public:
  /// `documents`: a JSON object of further documents by URI, relative to that of the schema; each is a schema
  /// or a string that holds the text of one. Empty: none.
  /// Errors: throws plugin::Refusal, as do the other functions.
  explicit SchemaDocument(std::string_view text, std::string_view documents = {});

  const Json &root() const { return root_; }
  /// The draft that `$schema` of the root names, from 4; 2020-12 without it. No reference leads to a document
  /// of another draft.
  Draft draft() const { return files_.front().draft; }

  struct Target {
    const Json *schema;
    std::optional<std::string> dynamicName; // an anchor of this name in the dynamic scope takes its place
  };
  /// Returns the target of a reference in `schema`, the value of its member `keyword`.
  Target resolve(const Json &schema, const char *keyword) const;
  /// Returns the dynamic anchors of the resource that a schema belongs to, without those whose names no other
  /// resource has.
  const DynamicAnchors &anchorsOf(const Json &schema) const;
  /// Returns a number that ascends with the place of a schema in the documents; 0 if it is not in them.
  size_t orderOf(const Json &schema) const;

  [[noreturn]] void refuse(cria_status status, const Json &schema, const std::string &member,
                           const std::string &why) const;
  [[noreturn]] void invalid(const Json &schema, const std::string &member, const std::string &why) const {
    refuse(CRIA_STATUS_INVALID_ARGUMENT, schema, member, why);
  }
  [[noreturn]] void unsupported(const Json &schema, const std::string &member, const std::string &why) const {
    refuse(CRIA_STATUS_UNSUPPORTED, schema, member, why);
  }
  /// Returns where a value is, as messages begin: "JSON Schema, at '/items'", or "JSON Schema 'other.json',
  /// at '/items'".
  std::string placeOf(const Json &schema, const std::string &member) const;

private:
  struct File {
    std::string name; // the URI as it was given; empty: the root
    Draft draft;
  };
  struct Place {
    std::string pointer, base; // the JSON pointer, and the URI that references are relative to
    const Json *resource;      // the root of the document, or the closest schema around with an `$id`
    const File *file;
    size_t order = 0; // in which the values of the documents are written, from 1
  };
  enum class Holds : uint8_t { schema, schemasByName, other };
  static Holds heldBy(const std::string &keyword);
  void readDocuments(std::string_view text, int &numMembers);
  void visit(const Json &value, const Place &place, Holds holds);
  void readIdentifiers(const Json &schema, Place &place, Holds holds);
  void readAnchors(const Json &schema, const Place &place);
  void identify(const std::string &uri, const Json &schema);
  void dropSingleAnchors();

  const Place &placeOf(const Json &schema) const;
  std::string identifierOf(const Json &schema) const;
  void refuseIfAmbiguous(const std::string &uri, const Json &schema, const char *keyword) const;
  void refuseOtherDraft(const Json &target, const Json &schema, const char *keyword) const;

  Json root_, documents_;
  std::deque<File> files_; // the root, and each document
  size_t numValues_ = 0;
  std::map<const Json *, Place> places_;
  std::map<std::string, const Json *> resources_;  // by URI; with '#' and a name, anchors
  std::map<std::string, const Json *> repeated_;   // identifiers that another schema has, too
  std::map<const Json *, DynamicAnchors> anchors_; // of resources; the name of `$recursiveAnchor` is empty
};

} // namespace cria::grammar
