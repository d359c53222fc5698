// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/samplers/grammar/SchemaDocument.h"

#include "plugins/samplers/grammar/SchemaUri.h"

#include <set>

namespace cria::grammar {
namespace {

/// Returns the draft that `$schema` names; `otherwise` if there is none.
Draft draftOf(const Json &root, Draft otherwise) {
  const Json name = root.is_object() && root.contains("$schema") ? root["$schema"] : Json();
  if (!name.is_string()) {
    return otherwise;
  }
  constexpr std::pair<const char *, Draft> kDrafts[] = {
      {"json-schema.org/draft-03", Draft::draft3},
      {"json-schema.org/draft-04", Draft::draft4},
      {"json-schema.org/draft-06", Draft::draft6},
      {"json-schema.org/draft-07", Draft::draft7},
      {"json-schema.org/draft/2019-09", Draft::draft2019},
      {"json-schema.org/draft/2020-12", Draft::draft2020},
      {"json-schema.org/schema", Draft::draft2020}, // the latest
      {"spec.openapis.org/oas/3.1/dialect", Draft::draft2020}};
  const std::string &text = name.get_ref<const std::string &>();
  for (const auto &[part, draft] : kDrafts) {
    if (text.find(part) != text.npos) {
      return draft;
    }
  }
  return Draft::unknown;
}

} // namespace

SchemaDocument::SchemaDocument(std::string_view text, std::string_view documents) {
  int numMembers = 0;
  root_ = parseSchemaText(text, "JSON Schema", numMembers);
  const File &file = files_.emplace_back(File{.name = "", .draft = draftOf(root_, Draft::draft2020)});
  if (file.draft == Draft::draft3) {
    unsupported(root_, "$schema", "draft 3 is not supported; expected draft 4, 6, 7, 2019-09 or 2020-12");
  }
  if (file.draft == Draft::unknown) {
    unsupported(root_, "$schema",
                "expected draft 4, 6, 7, 2019-09 or 2020-12, such as "
                "'https://json-schema.org/draft/2020-12/schema', got " +
                    textOf(root_["$schema"]) + "; leave it out for 2020-12");
  }
  resources_[""] = &root_;
  visit(root_, {.pointer = "", .base = "", .resource = &root_, .file = &file}, Holds::schema);
  if (!documents.empty()) {
    readDocuments(documents, numMembers);
  }
  dropSingleAnchors();
}

void SchemaDocument::readDocuments(std::string_view text, int &numMembers) {
  const auto refuse = [](const std::string &why) {
    throw plugin::Refusal(CRIA_STATUS_INVALID_ARGUMENT, "option 'schema_documents': " + why);
  };
  documents_ = parseSchemaText(text, "option 'schema_documents'", numMembers);
  if (!documents_.is_object()) {
    refuse("expected a JSON object of schemas by URI, got " + textOf(documents_));
  }
  std::map<std::string, std::string> names; // by URI
  for (auto &[name, document] : documents_.get_ref<Json::object_t &>()) {
    if (document.is_string()) {
      document = parseSchemaText(document.get<std::string>(), "JSON Schema '" + name + "'", numMembers);
    }
    if (name.empty() || name.front() == '#' || !fragmentOf(name).empty()) {
      refuse("expected a URI without a fragment, such as 'other.json', got '" + name + "'");
    }
    const std::string uri = resolveUri(placeOf(root_).base, name);
    if (const auto [known, isNew] = names.emplace(uri, name); !isNew) {
      refuse("two documents have the URI '" + uri + "': '" + known->second + "' and '" + name + "'");
    }
    const File &file = files_.emplace_back(File{.name = name, .draft = draftOf(document, draft())});
    identify(uri, document);
    visit(document, {.pointer = "", .base = uri, .resource = &document, .file = &file}, Holds::schema);
  }
}

/// Returns what the value of a member of a schema holds. Unknown keywords hold no schemas: what looks like an
/// identifier in them is none.
SchemaDocument::Holds SchemaDocument::heldBy(const std::string &keyword) {
  static const std::set<std::string, std::less<>> kByName = {
      "properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies"};
  static const std::set<std::string, std::less<>> kSchemas = {"additionalItems",
                                                              "additionalProperties",
                                                              "allOf",
                                                              "anyOf",
                                                              "contains",
                                                              "contentSchema",
                                                              "else",
                                                              "if",
                                                              "items",
                                                              "not",
                                                              "oneOf",
                                                              "prefixItems",
                                                              "propertyNames",
                                                              "then",
                                                              "unevaluatedItems",
                                                              "unevaluatedProperties"};
  return kByName.contains(keyword)    ? Holds::schemasByName
         : kSchemas.contains(keyword) ? Holds::schema
                                      : Holds::other;
}

void SchemaDocument::visit(const Json &value, const Place &at, Holds holds) {
  Place place = at;
  place.order = ++numValues_;
  if (value.is_object() && holds != Holds::schemasByName) {
    readIdentifiers(value, place, holds);
  }
  if (!value.is_structured()) {
    places_[&value] = std::move(place);
    return;
  }
  for (const auto &[name, child] : value.items()) {
    const Holds inner = holds == Holds::other    ? Holds::other
                        : value.is_array()       ? holds
                        : holds == Holds::schema ? heldBy(name)
                                                 : Holds::schema;
    Place below = place;
    below.pointer += (Json::json_pointer() / name).to_string();
    visit(child, below, inner);
  }
  places_[&value] = std::move(place);
}

void SchemaDocument::identify(const std::string &uri, const Json &schema) {
  const auto [known, isNew] = resources_.emplace(uri, &schema);
  if (!isNew && known->second != &schema) {
    repeated_.emplace(uri, &schema);
  }
}

static std::string textOfMember(const Json &schema, const char *name) {
  const auto found = schema.find(name);
  return found != schema.end() && found->is_string() ? found->get<std::string>() : "";
}

/// Registers the identifiers of a schema. One that is held by an unknown keyword has none, but if a reference
/// leads to it, its own references are relative to its `$id`.
void SchemaDocument::readIdentifiers(const Json &schema, Place &place, Holds holds) {
  const auto add = [&](const std::string &uri) {
    if (holds == Holds::schema) {
      identify(uri, schema);
    }
  };
  const Draft draft = place.file->draft;
  const bool hidesSiblings = draft <= Draft::draft7 && schema.contains("$ref");
  if (const std::string id = textOfMember(schema, draft <= Draft::draft4 ? "id" : "$id");
      !id.empty() && !hidesSiblings) {
    const size_t hash = id.find('#');
    if (hash != 0) {
      place.base = resolveUri(place.base, id);
      place.resource = &schema;
      add(place.base);
    }
    if (hash != id.npos && hash + 1 < id.size()) { // an anchor, up to draft 7
      add(place.base + id.substr(hash));
    }
  }
  if (holds == Holds::schema) {
    readAnchors(schema, place);
  }
}

void SchemaDocument::readAnchors(const Json &schema, const Place &place) {
  for (const char *keyword : {"$anchor", "$dynamicAnchor"}) {
    if (const std::string anchor = textOfMember(schema, keyword); !anchor.empty()) {
      identify(place.base + "#" + anchor, schema);
      if (keyword[1] == 'd') {
        anchors_[place.resource].emplace(anchor, &schema);
      }
    }
  }
  const auto recursive = schema.find("$recursiveAnchor");
  if (place.resource == &schema && recursive != schema.end() && *recursive == Json(true)) {
    anchors_[&schema].emplace("", &schema);
  }
}

/// Drops the dynamic anchors whose names occur once: a reference to them has a single target.
void SchemaDocument::dropSingleAnchors() {
  std::map<std::string, int> counts;
  for (const auto &[resource, anchors] : anchors_) {
    for (const auto &[name, schema] : anchors) {
      ++counts[name];
    }
  }
  for (auto &[resource, anchors] : anchors_) {
    std::erase_if(anchors, [&](const auto &anchor) { return counts[anchor.first] == 1; });
  }
}

} // namespace cria::grammar
