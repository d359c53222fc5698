// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/samplers/grammar/SchemaDocument.h"

#include <charconv>
#include <set>

namespace cria::grammar {
namespace {

struct Uri {
  std::string_view scheme, authority, path, query; // with ':', "//" and '?'
};

Uri splitUri(std::string_view text) {
  Uri uri;
  text = text.substr(0, text.find('#'));
  const size_t colon = text.find_first_of(":/?");
  if (colon != text.npos && colon > 0 && text[colon] == ':') {
    uri.scheme = text.substr(0, colon + 1);
    text.remove_prefix(colon + 1);
  }
  if (text.starts_with("//")) {
    uri.authority = text.substr(0, text.find_first_of("/?", 2));
    text.remove_prefix(uri.authority.size());
  }
  const size_t question = std::min(text.find('?'), text.size());
  uri.path = text.substr(0, question);
  uri.query = text.substr(question);
  return uri;
}

std::string withoutDots(std::string_view path) {
  std::vector<std::string_view> parts;
  const bool isAbsolute = path.starts_with('/');
  for (size_t at = isAbsolute ? 1 : 0; at <= path.size();) {
    const size_t end = std::min(path.find('/', at), path.size());
    const std::string_view part = path.substr(at, end - at);
    if (part == ".." && !parts.empty()) {
      parts.pop_back();
    }
    if (part != "." && part != "..") {
      parts.push_back(part);
    } else if (end == path.size()) {
      parts.emplace_back();
    }
    at = end + 1;
  }
  std::string result;
  for (size_t i = 0; i < parts.size(); ++i) {
    result += (i > 0 || isAbsolute ? "/" : "") + std::string(parts[i]);
  }
  return result;
}

std::string decodePercent(std::string_view text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16).ptr == text.data() + i + 3) {
      result += static_cast<char>(value);
      i += 2;
    } else {
      result += text[i];
    }
  }
  return result;
}

std::string unescapePointer(std::string_view text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool isEscape = text[i] == '~' && i + 1 < text.size();
    result += !isEscape ? text[i] : text[++i] == '1' ? '/' : '~';
  }
  return result;
}

Draft draftOf(const Json &root) {
  const Json name = root.is_object() && root.contains("$schema") ? root["$schema"] : Json();
  const std::string text = name.is_string() ? name.get<std::string>() : "";
  constexpr std::pair<const char *, Draft> kDrafts[] = {{"draft-04", Draft::draft4},
                                                        {"draft-06", Draft::draft6},
                                                        {"draft-07", Draft::draft7},
                                                        {"2019-09", Draft::draft2019}};
  for (const auto &[part, draft] : kDrafts) {
    if (text.find(std::string("json-schema.org/") + part) != text.npos ||
        text.find(std::string("json-schema.org/draft/") + part) != text.npos) {
      return draft;
    }
  }
  return Draft::draft2020;
}

} // namespace

std::string escapePointer(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    escaped += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  }
  return escaped;
}

std::string resolveUri(std::string_view base, std::string_view reference) {
  const Uri from = splitUri(base), to = splitUri(reference);
  const auto join = [](std::string_view scheme, std::string_view authority, const std::string &path,
                       std::string_view query) {
    return std::string(scheme) + std::string(authority) + path + std::string(query);
  };
  if (!to.scheme.empty()) {
    return join(to.scheme, to.authority, withoutDots(to.path), to.query);
  }
  if (!to.authority.empty()) {
    return join(from.scheme, to.authority, withoutDots(to.path), to.query);
  }
  if (to.path.empty()) {
    return join(from.scheme, from.authority, std::string(from.path),
                to.query.empty() ? from.query : to.query);
  }
  const size_t slash = from.path.rfind('/');
  std::string path(to.path);
  if (!path.starts_with('/')) {
    path = (slash == from.path.npos ? std::string(from.authority.empty() ? "" : "/")
                                    : std::string(from.path.substr(0, slash + 1))) +
           path;
  }
  return join(from.scheme, from.authority, withoutDots(path), to.query);
}

SchemaDocument::SchemaDocument(std::string_view text) : root_(parseSchemaText(text)), draft_(draftOf(root_)) {
  if (root_.is_object() && root_.contains("$schema") && root_["$schema"].is_string() &&
      root_["$schema"].get_ref<const std::string &>().find("json-schema.org/draft-03") != std::string::npos) {
    unsupported(root_, "$schema", "draft 3 is not supported; expected draft 4, 6, 7, 2019-09 or 2020-12");
  }
  resources_[""] = &root_;
  visit(root_, {"", ""}, Holds::schema);
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
  if (value.is_object() && holds != Holds::schemasByName) {
    readIdentifiers(value, place, holds);
  }
  places_[&value] = place;
  if (!value.is_structured()) {
    return;
  }
  for (const auto &[name, child] : value.items()) {
    const Holds inner = holds == Holds::other    ? Holds::other
                        : value.is_array()       ? holds
                        : holds == Holds::schema ? heldBy(name)
                                                 : Holds::schema;
    visit(child, {place.pointer + "/" + escapePointer(name), place.base}, inner);
  }
}

void SchemaDocument::identify(const std::string &uri, const Json &schema) {
  const auto [known, isNew] = resources_.emplace(uri, &schema);
  if (!isNew && known->second != &schema) {
    repeated_.emplace(uri, &schema);
  }
}

/// Registers the identifiers of a schema. One that is held by an unknown keyword has none, but if a reference
/// leads to it, its own references are relative to its `$id`.
void SchemaDocument::readIdentifiers(const Json &schema, Place &place, Holds holds) {
  const auto textOfMember = [&](const char *name) {
    const auto found = schema.find(name);
    return found != schema.end() && found->is_string() ? found->get<std::string>() : "";
  };
  const auto add = [&](const std::string &uri) {
    if (holds == Holds::schema) {
      identify(uri, schema);
    }
  };
  const bool hidesSiblings = draft_ <= Draft::draft7 && schema.contains("$ref");
  if (const std::string id = textOfMember(draft_ == Draft::draft4 ? "id" : "$id");
      !id.empty() && !hidesSiblings) {
    const size_t hash = id.find('#');
    if (hash != 0) {
      place.base = resolveUri(place.base, id);
      add(place.base);
    }
    if (hash != id.npos && hash + 1 < id.size()) { // an anchor, up to draft 7
      add(place.base + id.substr(hash));
    }
  }
  for (const char *keyword : {"$anchor", "$dynamicAnchor"}) {
    if (const std::string anchor = textOfMember(keyword); !anchor.empty()) {
      add(place.base + "#" + anchor);
      dynamicAnchors_[anchor] += keyword[1] == 'd' ? 1 : 0;
    }
  }
  const auto recursive = schema.find("$recursiveAnchor");
  numRecursiveAnchors_ += recursive != schema.end() && *recursive == Json(true) ? 1 : 0;
}

const Json *SchemaDocument::follow(const Json *from, std::string_view pointer) const {
  while (!pointer.empty()) {
    const size_t end = std::min(pointer.find('/', 1), pointer.size());
    const std::string name = unescapePointer(pointer.substr(1, end - 1));
    pointer.remove_prefix(end);
    if (from->is_array()) {
      size_t index = 0;
      const auto [last, error] = std::from_chars(name.data(), name.data() + name.size(), index);
      if (error != std::errc() || last != name.data() + name.size() || index >= from->size()) {
        return nullptr;
      }
      from = &(*from)[index];
    } else if (const auto found = from->is_object() ? from->find(name) : from->end();
               from->is_object() && found != from->end()) {
      from = &*found;
    } else {
      return nullptr;
    }
  }
  return from;
}

void SchemaDocument::refuseIfAmbiguous(const std::string &uri, const Json &schema,
                                       const char *keyword) const {
  const auto other = repeated_.find(uri);
  if (other != repeated_.end()) {
    invalid(schema, keyword,
            "reference is ambiguous: identifier '" + uri + "' belongs to the schemas '#" +
                places_.at(resources_.at(uri)).pointer + "' and '#" + places_.at(other->second).pointer +
                "'; give each one an identifier of its own");
  }
}

const Json &SchemaDocument::resolve(const Json &schema, const char *keyword) const {
  const Json &value = schema[keyword];
  if (!value.is_string()) {
    invalid(schema, keyword, "expected a reference such as '#/$defs/name', got " + textOf(value));
  }
  const std::string reference = keyword == std::string_view("$recursiveRef") ? "#" : value.get<std::string>();
  const auto place = places_.find(&schema);
  const std::string uri = resolveUri(place == places_.end() ? "" : place->second.base, reference);
  const size_t hash = std::min(reference.find('#'), reference.size());
  const std::string fragment =
      decodePercent(std::string_view(reference).substr(std::min(hash + 1, reference.size())));
  const auto resource = resources_.find(uri);
  if (resource == resources_.end()) {
    unsupported(schema, keyword,
                "expected a reference into this schema, such as '#/$defs/name', got '" + reference +
                    "'; include its target in $defs");
  }
  refuseIfAmbiguous(uri, schema, keyword);
  if (keyword[1] != 'r' || keyword[2] != 'e' || keyword[3] != 'f') { // $dynamicRef, $recursiveRef
    const bool isDynamic = keyword[1] == 'd'
                               ? dynamicAnchors_.contains(fragment) && dynamicAnchors_.at(fragment) > 1
                               : numRecursiveAnchors_ > 1;
    if (isDynamic) {
      unsupported(schema, keyword,
                  "a dynamic reference with several possible targets is not supported; use $ref");
    }
  }
  const bool isPointer = fragment.empty() || fragment.starts_with('/');
  if (!isPointer) {
    refuseIfAmbiguous(uri + "#" + fragment, schema, keyword);
  }
  const auto anchor = isPointer ? resources_.end() : resources_.find(uri + "#" + fragment);
  const Json *target = isPointer                    ? follow(resource->second, fragment)
                       : anchor != resources_.end() ? anchor->second
                                                    : nullptr;
  if (target == nullptr) {
    invalid(schema, keyword, "reference '" + reference + "' has no target");
  }
  return *target;
}

std::string SchemaDocument::placeOf(const Json &schema, const std::string &member) const {
  const auto place = places_.find(&schema);
  const std::string pointer = (place == places_.end() ? "" : place->second.pointer) +
                              (member.empty() ? "" : "/" + escapePointer(member));
  return "JSON Schema, at '" + (pointer.empty() ? "/" : pointer) + "'";
}

void SchemaDocument::refuse(cria_status status, const Json &schema, const std::string &member,
                            const std::string &why) const {
  throw plugin::Refusal(status, placeOf(schema, member) + ": " + why);
}

} // namespace cria::grammar
