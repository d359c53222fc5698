// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/samplers/grammar/SchemaWriter.h"

namespace cria::grammar {

/// The rules of every JSON grammar. Whitespace is bounded, since a model could generate it without end.
static constexpr const char *kCommon = R"gbnf(
ws ::= | " " | "\n" [ \t]{0,20}
char ::= [^"\\\x7F\x00-\x1F] | "\\" (["\\/bfnrt] | "u" [0-9a-fA-F]{4})
control ::= "\\u00" ("0" [0-7be-f] | "1" [0-9a-f] | "7f")
string ::= "\"" char* "\""
number ::= "-"? ("0" | [1-9] [0-9]{0,15}) ("." [0-9]{1,16})? ([eE] [-+]? [0-9]{1,3})?
boolean ::= "true" | "false"
null ::= "null"
value ::= object | array | string | number | boolean | null
object ::= "{" ws (string ws ":" ws value ws ("," ws string ws ":" ws value ws)*)? "}"
array ::= "[" ws (value ws ("," ws value ws)*)? "]"
)gbnf";

static constexpr const char *kFormats = R"gbnf(
date ::= [0-9]{4} "-" ("0" [1-9] | "1" [0-2]) "-" ("0" [1-9] | [12] [0-9] | "3" [01])
time ::= ([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9] ":" [0-5] [0-9] ("." [0-9]{1,9})? ("Z" | [+-] ([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9])
uuid ::= [0-9a-fA-F]{8} ("-" [0-9a-fA-F]{4}){3} "-" [0-9a-fA-F]{12}
)gbnf";

/// Keywords that do not constrain values.
static const std::set<std::string> kAnnotations = {
    "title",      "description", "default",   "examples",    "$schema", "$id",    "$comment",
    "deprecated", "readOnly",    "writeOnly", "definitions", "$defs",   "$anchor"};

std::string literal(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    quoted += c == '"' || c == '\\' ? std::string("\\") + c : c == '\n' ? "\\n" : std::string(1, c);
  }
  return quoted + "\"";
}

static std::string literalOf(const Json &value) { return literal(value.dump()); }

std::string escapePointer(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    escaped += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  }
  return escaped;
}

std::string SchemaWriter::write() {
  const std::string rule = ruleOf(root_, "");
  return "root ::= " + rule + "\n" + kCommon + kFormats + rules_;
}

void SchemaWriter::refuse(cria_status status, const std::string &pointer, const std::string &why) {
  throw plugin::Refusal(status, "JSON Schema, at '" + (pointer.empty() ? "/" : pointer) + "': " + why);
}

void SchemaWriter::invalid(const std::string &pointer, const std::string &why) {
  refuse(CRIA_STATUS_INVALID_ARGUMENT, pointer, why);
}

void SchemaWriter::allowOnly(const Json &schema, const std::string &pointer,
                             std::initializer_list<std::string_view> known) {
  for (const auto &[name, value] : schema.items()) {
    if (std::find(known.begin(), known.end(), name) == known.end() && !kAnnotations.contains(name)) {
      refuse(CRIA_STATUS_UNSUPPORTED, pointer + "/" + escapePointer(name),
             "'" + name + "' is not supported here");
    }
  }
}

std::string SchemaWriter::add(const std::string &expression) {
  std::string name = "s" + std::to_string(count_++);
  addRule(name, expression);
  return name;
}

void SchemaWriter::addRule(const std::string &name, const std::string &expression) {
  constexpr size_t kMaxBytes = size_t{16} << 20;
  if (rules_.size() + expression.size() > kMaxBytes) {
    refuse(CRIA_STATUS_UNSUPPORTED, "", "generated grammar is larger than 16 MiB; simplify the schema");
  }
  rules_ += name + " ::= " + expression + "\n";
}

std::string SchemaWriter::ruleOf(const Json &schema, const std::string &pointer) {
  const auto [found, isNew] = names_.emplace(pointer, "");
  if (!isNew) {
    return found->second;
  }
  if (++depth_ > kMaxNesting) { // chains of references count too
    invalid(pointer,
            "schemas and references are nested more than " + std::to_string(kMaxNesting) + " levels deep");
  }
  const std::string name = found->second = "s" + std::to_string(count_++);
  addRule(name, expressionOf(schema, pointer));
  --depth_;
  return name;
}

std::string SchemaWriter::expressionOf(const Json &schema, const std::string &pointer) {
  if (schema.is_boolean() && schema.get<bool>()) {
    return "value";
  }
  if (!schema.is_object()) {
    invalid(pointer, schema.is_boolean() ? "false allows no value" : "expected an object or true");
  }
  if (schema.contains("$ref")) {
    return referenceOf(schema, pointer);
  }
  if (schema.contains("const") || schema.contains("enum")) {
    return choicesOf(schema, pointer);
  }
  for (const char *name : {"anyOf", "oneOf"}) {
    if (schema.contains(name)) {
      return alternativesOf(schema, name, pointer);
    }
  }
  if (schema.contains("allOf")) {
    return objectOf(merged(schema, pointer), pointer);
  }
  return typedOf(schema, pointer);
}

std::string SchemaWriter::referenceOf(const Json &schema, const std::string &pointer) {
  allowOnly(schema, pointer, {"$ref"});
  const auto [target, name] = resolve(schema, pointer);
  return ruleOf(*target, name);
}

std::pair<const Json *, std::string> SchemaWriter::resolve(const Json &schema,
                                                           const std::string &pointer) const {
  const Json &reference = schema["$ref"];
  if (!reference.is_string() || !reference.get_ref<const std::string &>().starts_with("#")) {
    refuse(CRIA_STATUS_UNSUPPORTED, pointer + "/$ref",
           "expected a reference into this schema, such as '#/$defs/name'");
  }
  const std::string target = reference.get<std::string>().substr(1);
  try {
    return {&root_.at(Json::json_pointer(target)), target};
  } catch (const Json::exception &) {
    invalid(pointer + "/$ref", "reference '" + reference.get<std::string>() + "' has no target");
  }
}

std::string SchemaWriter::choicesOf(const Json &schema, const std::string &pointer) {
  allowOnly(schema, pointer, {"const", "enum", "type"});
  if (schema.contains("const")) {
    return literalOf(schema["const"]);
  }
  if (!schema["enum"].is_array() || schema["enum"].empty()) {
    invalid(pointer + "/enum", "expected a nonempty array of values");
  }
  std::string expression;
  for (const Json &value : schema["enum"]) {
    expression += (expression.empty() ? "" : " | ") + literalOf(value);
  }
  return expression;
}

std::string SchemaWriter::alternativesOf(const Json &schema, const std::string &name,
                                         const std::string &pointer) {
  allowOnly(schema, pointer, {name});
  if (!schema[name].is_array() || schema[name].empty()) {
    invalid(pointer + "/" + name, "expected a nonempty array of schemas");
  }
  std::string expression;
  for (size_t i = 0; i < schema[name].size(); ++i) {
    expression +=
        (i == 0 ? "" : " | ") + ruleOf(schema[name][i], pointer + "/" + name + "/" + std::to_string(i));
  }
  return expression;
}

Json SchemaWriter::merged(const Json &schema, const std::string &pointer) {
  allowOnly(schema, pointer, {"allOf"});
  if (!schema["allOf"].is_array() || schema["allOf"].empty()) {
    invalid(pointer + "/allOf", "expected a nonempty array of schemas");
  }
  Json result{{"type", "object"}, {"properties", Json::object()}, {"required", Json::array()}};
  for (size_t i = 0; i < schema["allOf"].size(); ++i) {
    Json part = schema["allOf"][i];
    const std::string where = pointer + "/allOf/" + std::to_string(i);
    if (part.is_object() && part.contains("$ref")) {
      allowOnly(part, where, {"$ref"});
      part = Json(*resolve(part, where).first);
    }
    if (!part.is_object()) {
      invalid(where, "expected an object schema");
    }
    allowOnly(part, where, {"type", "properties", "required"});
    const Json properties = part.value("properties", Json::object());
    for (const auto &[name, property] : properties.items()) {
      if (result["properties"].contains(name) && result["properties"][name] != property) {
        refuse(CRIA_STATUS_UNSUPPORTED, where + "/properties/" + escapePointer(name),
               "schemas of allOf declare property '" + name + "' differently");
      }
      result["properties"][name] = property;
    }
    for (const Json &name : part.value("required", Json::array())) {
      result["required"].push_back(name);
    }
  }
  return result;
}

std::string SchemaWriter::typedOf(const Json &schema, const std::string &pointer) {
  if (!schema.contains("type")) {
    if (schema.contains("properties") || schema.contains("required")) {
      return objectOf(schema, pointer);
    }
    if (schema.contains("items") || schema.contains("prefixItems")) {
      return arrayOf(schema, pointer);
    }
    allowOnly(schema, pointer, {});
    return "value";
  }
  const Json &type = schema["type"];
  if (!type.is_array()) {
    return ofType(type, schema, pointer);
  }
  std::string expression;
  for (const Json &each : type) { // several types are allowed only without keywords; see below
    expression += (expression.empty() ? "" : " | ") +
                  add(ofType(each, type.size() == 1 ? schema : Json{{"type", each}}, pointer));
  }
  if (type.empty() || (type.size() > 1 && !isPlain(schema))) {
    refuse(CRIA_STATUS_UNSUPPORTED, pointer + "/type",
           "several types with other keywords are not supported; use anyOf");
  }
  return expression;
}

bool SchemaWriter::isPlain(const Json &schema) {
  return std::all_of(schema.items().begin(), schema.items().end(), [](const auto &item) {
    return item.key() == "type" || kAnnotations.contains(item.key());
  });
}

std::string SchemaWriter::ofType(const Json &type, const Json &schema, const std::string &pointer) {
  std::string name = type.is_string() ? type.get<std::string>() : "";
  if (name == "object") {
    return objectOf(schema, pointer);
  }
  if (name == "array") {
    return arrayOf(schema, pointer);
  }
  if (name == "string") {
    return stringOf(schema, pointer);
  }
  if (name == "integer") {
    return integerOf(schema, pointer);
  }
  if (name == "number" || name == "boolean" || name == "null") {
    allowOnly(schema, pointer, {"type"});
    return name;
  }
  invalid(pointer + "/type",
          "expected object, array, string, integer, number, boolean or null, got " + type.dump());
}

} // namespace cria::grammar
