// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Targets of references, and places in messages.
#include "plugins/samplers/grammar/SchemaDocument.h"
#include "plugins/samplers/grammar/SchemaUri.h"

namespace cria::grammar {

static std::string nameOf(Draft draft) {
  constexpr const char *kNames[] = {"draft 3",       "draft 4",       "draft 6",         "draft 7",
                                    "draft 2019-09", "draft 2020-12", "an unknown draft"};
  return kNames[static_cast<size_t>(draft)];
}

/// Returns the place of a schema of a document; of another value, that of the root.
const SchemaDocument::Place &SchemaDocument::placeOf(const Json &schema) const {
  const auto place = places_.find(&schema);
  return place == places_.end() ? places_.at(&root_) : place->second;
}

size_t SchemaDocument::orderOf(const Json &schema) const {
  const auto place = places_.find(&schema);
  return place == places_.end() ? 0 : place->second.order;
}

/// Returns what a JSON pointer leads to; null if it leads nowhere.
static const Json *find(const Json &from, const std::string &pointer) {
  try {
    const Json::json_pointer parsed(pointer);
    return from.contains(parsed) ? &from.at(parsed) : nullptr;
  } catch (const Json::exception &) { // not a pointer, or an index that is too large
    return nullptr;
  }
}

/// Returns a schema as messages name it: "#/$defs/a", or "other.json#/$defs/a".
std::string SchemaDocument::identifierOf(const Json &schema) const {
  const Place &place = placeOf(schema);
  return place.file->name + "#" + place.pointer;
}

void SchemaDocument::refuseIfAmbiguous(const std::string &uri, const Json &schema,
                                       const char *keyword) const {
  const auto other = repeated_.find(uri);
  if (other != repeated_.end()) {
    invalid(schema, keyword,
            "reference is ambiguous: identifier '" + uri + "' belongs to the schemas '" +
                identifierOf(*resources_.at(uri)) + "' and '" + identifierOf(*other->second) +
                "'; give each one an identifier of its own");
  }
}

void SchemaDocument::refuseOtherDraft(const Json &target, const Json &schema, const char *keyword) const {
  const File &file = *placeOf(target).file;
  if (file.draft != draft()) {
    unsupported(schema, keyword,
                "expected a document of " + nameOf(draft()) + ", as the schema is, got '" + file.name +
                    "' of " + nameOf(file.draft) + "; state one $schema in both");
  }
}

SchemaDocument::Target SchemaDocument::resolve(const Json &schema, const char *keyword) const {
  const Json &value = schema[keyword];
  if (!value.is_string()) {
    invalid(schema, keyword, "expected a reference such as '#/$defs/name', got " + textOf(value));
  }
  const bool isRecursive = keyword == std::string_view("$recursiveRef");
  const std::string reference = isRecursive ? "#" : value.get<std::string>();
  const std::string uri = resolveUri(placeOf(schema).base, reference), fragment = fragmentOf(reference);
  const auto resource = resources_.find(uri);
  if (resource == resources_.end()) {
    unsupported(schema, keyword,
                "expected a reference into this schema, such as '#/$defs/name', or into a document that is "
                "given, got '" +
                    reference + "'; give the document with --schema-document " + uri +
                    "=FILE (schema_documents of the sampler), or include its target in $defs");
  }
  refuseIfAmbiguous(uri, schema, keyword);
  refuseOtherDraft(*resource->second, schema, keyword);
  const bool isPointer = fragment.empty() || fragment.starts_with('/');
  if (!isPointer) {
    refuseIfAmbiguous(uri + "#" + fragment, schema, keyword);
  }
  const auto anchor = isPointer ? resources_.end() : resources_.find(uri + "#" + fragment);
  const Json *target = isPointer                    ? find(*resource->second, fragment)
                       : anchor != resources_.end() ? anchor->second
                                                    : nullptr;
  if (target == nullptr) {
    invalid(schema, keyword, "reference '" + reference + "' has no target");
  }
  const bool isDynamic = isRecursive || (keyword == std::string_view("$dynamicRef") && !isPointer);
  const auto name = anchorsOf(*target).find(fragment);
  return {.schema = target,
          .dynamicName = isDynamic && name != anchorsOf(*target).end() && name->second == target
                             ? std::optional(fragment)
                             : std::nullopt};
}

const DynamicAnchors &SchemaDocument::anchorsOf(const Json &schema) const {
  static const DynamicAnchors none;
  const auto found = anchors_.find(placeOf(schema).resource);
  return found == anchors_.end() ? none : found->second;
}

std::string SchemaDocument::placeOf(const Json &schema, const std::string &member) const {
  const auto place = places_.find(&schema); // none yet while the documents are read
  const std::string pointer = (place == places_.end() ? "" : place->second.pointer) +
                              (member.empty() ? "" : (Json::json_pointer() / member).to_string());
  const std::string name = place == places_.end() ? "" : place->second.file->name;
  return "JSON Schema" + (name.empty() ? "" : " '" + name + "'") + ", at '" +
         (pointer.empty() ? "/" : pointer) + "'";
}

void SchemaDocument::refuse(cria_status status, const Json &schema, const std::string &member,
                            const std::string &why) const {
  throw plugin::Refusal(status, placeOf(schema, member) + ": " + why);
}

} // namespace cria::grammar
