// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Each schema becomes a rule, named by its JSON pointer, so that schemas may refer to each other and to
// themselves. Of keywords, those that constrain are written or refused by name; annotations are passed over.
#include "plugins/samplers/grammar/JsonSchema.h"

#include "plugins/api/cria_plugin.hpp"
#include "plugins/samplers/grammar/IntegerRange.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

namespace cria::grammar {
namespace {

using Json = nlohmann::ordered_json;

// What every JSON grammar is made of. Blanks are bounded: a model that likes them would not end.
constexpr const char *kCommon = R"gbnf(
ws ::= | " " | "\n" [ \t]{0,20}
char ::= [^"\\\x7F\x00-\x1F] | "\\" (["\\/bfnrt] | "u" [0-9a-fA-F]{4})
string ::= "\"" char* "\""
number ::= "-"? ("0" | [1-9] [0-9]{0,15}) ("." [0-9]{1,16})? ([eE] [-+]? [0-9]{1,3})?
boolean ::= "true" | "false"
null ::= "null"
value ::= object | array | string | number | boolean | null
object ::= "{" ws (string ws ":" ws value ws ("," ws string ws ":" ws value ws)*)? "}"
array ::= "[" ws (value ws ("," ws value ws)*)? "]"
)gbnf";

constexpr const char *kFormats = R"gbnf(
date ::= [0-9]{4} "-" ("0" [1-9] | "1" [0-2]) "-" ("0" [1-9] | [12] [0-9] | "3" [01])
time ::= ([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9] ":" [0-5] [0-9] ("." [0-9]{1,9})? ("Z" | [+-] ([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9])
uuid ::= [0-9a-fA-F]{8} ("-" [0-9a-fA-F]{4}){3} "-" [0-9a-fA-F]{12}
)gbnf";

constexpr int kMostNesting = 200;
constexpr int kMostMembers = 10000; // of all objects: members are looked up one after the other
constexpr size_t kMostNameBytes =
    100; // of properties that others must differ from: a group for each character

// Say nothing about which values are allowed.
const std::set<std::string> kAnnotations = {
    "title",      "description", "default",   "examples",    "$schema", "$id",    "$comment",
    "deprecated", "readOnly",    "writeOnly", "definitions", "$defs",   "$anchor"};

std::string literal(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    quoted += c == '"' || c == '\\' ? std::string("\\") + c : c == '\n' ? "\\n" : std::string(1, c);
  }
  return quoted + "\"";
}

std::string literalOf(const Json &value) { return literal(value.dump()); }

/// "~1" and "~0" of a JSON pointer.
std::string escapePointer(std::string text) {
  std::string escaped;
  for (const char c : text) {
    escaped += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  }
  return escaped;
}

class Writer {
public:
  explicit Writer(Json schema) : root_(std::move(schema)) {}

  std::string write() {
    const std::string rule = ruleOf(root_, "");
    return "root ::= " + rule + "\n" + kCommon + kFormats + rules_;
  }

private:
  [[noreturn]] static void refuse(cria_status status, const std::string &pointer, const std::string &why) {
    throw plugin::Refusal(status, "JSON Schema, at '" + (pointer.empty() ? "/" : pointer) + "': " + why);
  }
  [[noreturn]] static void invalid(const std::string &pointer, const std::string &why) {
    refuse(CRIA_STATUS_INVALID_ARGUMENT, pointer, why);
  }

  /// Every member is one of `known` or an annotation.
  static void allowOnly(const Json &schema, const std::string &pointer,
                        std::initializer_list<std::string_view> known) {
    for (const auto &[name, value] : schema.items()) {
      if (std::find(known.begin(), known.end(), name) == known.end() && !kAnnotations.contains(name)) {
        refuse(CRIA_STATUS_UNSUPPORTED, pointer + "/" + escapePointer(name),
               "'" + name + "' is not supported here");
      }
    }
  }

  std::string add(const std::string &expression) {
    const std::string name = "s" + std::to_string(count_++);
    rules_ += name + " ::= " + expression + "\n";
    return name;
  }

  /// The rule of a schema; of one that is being written, its name.
  std::string ruleOf(const Json &schema, const std::string &pointer) {
    const auto [found, isNew] = names_.emplace(pointer, "");
    if (!isNew) {
      return found->second;
    }
    if (++depth_ > kMostNesting) { // references, too, lead from one to the next
      invalid(pointer, "expected schemas that lead to each other in at most " + std::to_string(kMostNesting) +
                           " steps");
    }
    const std::string name = found->second = "s" + std::to_string(count_++);
    rules_ += name + " ::= " + expressionOf(schema, pointer) + "\n";
    --depth_;
    return name;
  }

  std::string expressionOf(const Json &schema, const std::string &pointer) {
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

  std::string referenceOf(const Json &schema, const std::string &pointer) {
    allowOnly(schema, pointer, {"$ref"});
    const auto [target, name] = resolve(schema, pointer);
    return ruleOf(*target, name);
  }

  /// What the $ref of a schema means, and its JSON pointer.
  std::pair<const Json *, std::string> resolve(const Json &schema, const std::string &pointer) const {
    const Json &reference = schema["$ref"];
    if (!reference.is_string() || !reference.get_ref<const std::string &>().starts_with("#")) {
      refuse(CRIA_STATUS_UNSUPPORTED, pointer + "/$ref",
             "expected a place in this schema, as in '#/$defs/name'");
    }
    const std::string target = reference.get<std::string>().substr(1);
    try {
      return {&root_.at(Json::json_pointer(target)), target};
    } catch (const Json::exception &) {
      invalid(pointer + "/$ref", "there is nothing at '" + reference.get<std::string>() + "'");
    }
  }

  std::string choicesOf(const Json &schema, const std::string &pointer) {
    allowOnly(schema, pointer, {"const", "enum", "type"});
    if (schema.contains("const")) {
      return literalOf(schema["const"]);
    }
    if (!schema["enum"].is_array() || schema["enum"].empty()) {
      invalid(pointer + "/enum", "expected an array with values");
    }
    std::string expression;
    for (const Json &value : schema["enum"]) {
      expression += (expression.empty() ? "" : " | ") + literalOf(value);
    }
    return expression;
  }

  std::string alternativesOf(const Json &schema, const std::string &name, const std::string &pointer) {
    allowOnly(schema, pointer, {name});
    if (!schema[name].is_array() || schema[name].empty()) {
      invalid(pointer + "/" + name, "expected an array of schemas");
    }
    std::string expression;
    for (size_t i = 0; i < schema[name].size(); ++i) {
      expression +=
          (i == 0 ? "" : " | ") + ruleOf(schema[name][i], pointer + "/" + name + "/" + std::to_string(i));
    }
    return expression;
  }

  // Objects alone: all properties, and required what any of them requires.
  Json merged(const Json &schema, const std::string &pointer) {
    allowOnly(schema, pointer, {"allOf"});
    if (!schema["allOf"].is_array() || schema["allOf"].empty()) {
      invalid(pointer + "/allOf", "expected an array of schemas");
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
        invalid(where, "expected a schema of an object");
      }
      allowOnly(part, where, {"type", "properties", "required"});
      const Json properties = part.value("properties", Json::object());
      for (const auto &[name, property] : properties.items()) {
        if (result["properties"].contains(name) && result["properties"][name] != property) {
          refuse(CRIA_STATUS_UNSUPPORTED, where + "/properties/" + escapePointer(name),
                 "two parts of allOf say something else of '" + name + "'");
        }
        result["properties"][name] = property;
      }
      for (const Json &name : part.value("required", Json::array())) {
        result["required"].push_back(name);
      }
    }
    return result;
  }

  std::string typedOf(const Json &schema, const std::string &pointer) {
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
    for (const Json &each : type) { // keywords of the others do not concern a type
      expression += (expression.empty() ? "" : " | ") +
                    add(ofType(each, type.size() == 1 ? schema : Json{{"type", each}}, pointer));
    }
    if (type.empty() || (type.size() > 1 && !isPlain(schema))) {
      refuse(CRIA_STATUS_UNSUPPORTED, pointer + "/type",
             "several types with further keywords: write anyOf instead");
    }
    return expression;
  }

  static bool isPlain(const Json &schema) {
    return std::all_of(schema.items().begin(), schema.items().end(), [](const auto &item) {
      return item.key() == "type" || kAnnotations.contains(item.key());
    });
  }

  std::string ofType(const Json &type, const Json &schema, const std::string &pointer) {
    const std::string name = type.is_string() ? type.get<std::string>() : "";
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
            "expected object, array, string, integer, number, boolean or null, found " + type.dump());
  }

  // ---- Texts and numbers ----

  static std::optional<int64_t> integer(const Json &schema, const char *name, const std::string &pointer) {
    if (!schema.contains(name)) {
      return std::nullopt;
    }
    if (!schema[name].is_number_integer()) {
      invalid(pointer + "/" + name, "expected a whole number, found " + schema[name].dump());
    }
    return schema[name].get<int64_t>();
  }

  /// "{2,5}" from a least and a most number of times.
  static std::string boundsOf(const Json &schema, const char *least, const char *most,
                              const std::string &pointer) {
    constexpr int64_t kMost = 2000; // repetitions of a grammar
    const int64_t low = integer(schema, least, pointer).value_or(0);
    const std::optional<int64_t> high = integer(schema, most, pointer);
    if (low < 0 || low > kMost || (high && (*high < low || *high > kMost))) {
      invalid(pointer,
              std::string("expected '") + least + "' and '" + most + "' from 0 to 2000, in this order");
    }
    return "{" + std::to_string(low) + "," + (high ? std::to_string(*high) : "") + "}";
  }

  std::string stringOf(const Json &schema, const std::string &pointer) {
    allowOnly(schema, pointer, {"type", "minLength", "maxLength", "format"});
    if (schema.contains("format")) {
      const std::string format = schema["format"].is_string() ? schema["format"].get<std::string>() : "";
      if (format != "date" && format != "time" && format != "date-time" && format != "uuid") {
        refuse(CRIA_STATUS_UNSUPPORTED, pointer + "/format",
               "expected date, time, date-time or uuid, found " + schema["format"].dump());
      }
      allowOnly(schema, pointer, {"type", "format"});
      return format == "date-time" ? R"("\"" date "T" time "\"")" : R"("\"" )" + format + R"( "\"")";
    }
    const bool isBounded = schema.contains("minLength") || schema.contains("maxLength");
    return isBounded ? R"("\"" char)" + boundsOf(schema, "minLength", "maxLength", pointer) + R"( "\"")"
                     : "string";
  }

  std::string integerOf(const Json &schema, const std::string &pointer) {
    allowOnly(schema, pointer, {"type", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"});
    std::optional<int64_t> least = integer(schema, "minimum", pointer),
                           most = integer(schema, "maximum", pointer);
    constexpr int64_t kMost = 1'000'000'000'000'000; // 16 digits
    if (const auto above = integer(schema, "exclusiveMinimum", pointer)) {
      least = std::max(least.value_or(-kMost), std::min(*above, kMost) + 1);
    }
    if (const auto below = integer(schema, "exclusiveMaximum", pointer)) {
      most = std::min(most.value_or(kMost), std::max(*below, -kMost) - 1);
    }
    if ((least && (*least < -kMost || *least > kMost)) || (most && (*most < -kMost || *most > kMost))) {
      invalid(pointer, "expected bounds of at most 15 zeros after the first digit");
    }
    if (least && most && *least > *most) {
      invalid(pointer, "no integer is from " + std::to_string(*least) + " to " + std::to_string(*most));
    }
    return integersBetween(least, most);
  }

  // ---- Arrays ----

  std::string arrayOf(const Json &schema, const std::string &pointer) {
    allowOnly(schema, pointer, {"type", "items", "prefixItems", "minItems", "maxItems"});
    if (schema.contains("prefixItems")) {
      return tupleOf(schema, pointer);
    }
    const std::string item = schema.contains("items") ? ruleOf(schema["items"], pointer + "/items") : "value";
    const std::string bounds = boundsOf(schema, "minItems", "maxItems", pointer);
    const int64_t least = integer(schema, "minItems", pointer).value_or(0);
    const std::optional<int64_t> most = integer(schema, "maxItems", pointer);
    if (most && *most == 0) {
      return R"("[" ws "]")";
    }
    const std::string more = " (\",\" ws " + item + " ws){" +
                             std::to_string(std::max<int64_t>(least - 1, 0)) + "," +
                             (most ? std::to_string(*most - 1) : "") + "}";
    const std::string all = item + " ws" + more;
    return "\"[\" ws " + (least == 0 ? "(" + all + ")?" : all) + " \"]\"";
  }

  std::string tupleOf(const Json &schema, const std::string &pointer) {
    allowOnly(schema, pointer, {"type", "prefixItems", "items"});
    const bool isClosed =
        schema.contains("items") && schema["items"].is_boolean() && !schema["items"].get<bool>();
    if (!schema["prefixItems"].is_array() || (schema.contains("items") && !isClosed)) {
      refuse(CRIA_STATUS_UNSUPPORTED, pointer + "/prefixItems",
             "expected an array, with no 'items' but false beside it");
    }
    std::string items;
    for (size_t i = 0; i < schema["prefixItems"].size(); ++i) { // all of them, and no more
      items += (i == 0 ? "" : " \",\" ws ") +
               ruleOf(schema["prefixItems"][i], pointer + "/prefixItems/" + std::to_string(i)) + " ws";
    }
    return "\"[\" ws " + items + " \"]\"";
  }

  // ---- Objects ----

  struct Property {
    std::string pair; // rule of `"name": value`
    bool isRequired;
  };

  std::string objectOf(const Json &schema, const std::string &pointer) {
    allowOnly(schema, pointer, {"type", "properties", "required", "additionalProperties"});
    const Json declared = schema.value("properties", Json::object());
    const Json required = schema.value("required", Json::array());
    if (!declared.is_object() || !required.is_array()) {
      invalid(pointer, "expected 'properties' to be an object and 'required' an array");
    }
    std::vector<Property> properties;
    std::set<std::string> names;
    for (const auto &[name, value] : declared.items()) {
      const bool isRequired = std::find(required.begin(), required.end(), Json(name)) != required.end();
      const std::string rule = ruleOf(value, pointer + "/properties/" + escapePointer(name));
      properties.push_back({add(literal(Json(name).dump()) + " ws \":\" ws " + rule + " ws"), isRequired});
      names.insert(name);
    }
    for (const Json &name : required) {
      if (!name.is_string() || !names.contains(name.get<std::string>())) {
        refuse(CRIA_STATUS_UNSUPPORTED, pointer + "/required", name.dump() + " is required, and no property");
      }
    }
    return "\"{\" ws " + pairsFrom(properties, othersOf(schema, names, pointer)) + " \"}\"";
  }

  /// The rule of a pair that is not declared; empty: there are none.
  std::string othersOf(const Json &schema, const std::set<std::string> &names, const std::string &pointer) {
    const bool isOpen = schema.contains("additionalProperties")
                            ? schema["additionalProperties"] != Json(false)
                            : names.empty(); // a declared object is a closed one
    if (!isOpen) {
      return "";
    }
    for (const std::string &name : names) {
      if (name.size() > kMostNameBytes) {
        refuse(CRIA_STATUS_UNSUPPORTED, pointer + "/additionalProperties",
               "further properties beside a name of more than " + std::to_string(kMostNameBytes) +
                   " bytes: set it to false");
      }
    }
    const std::string value = schema.contains("additionalProperties")
                                  ? ruleOf(schema["additionalProperties"], pointer + "/additionalProperties")
                                  : "value";
    return add("\"\\\"\" " + keyOutside(names, 0) + " \"\\\"\" ws \":\" ws " + value + " ws");
  }

  /// A key, without escapes, that is none of the names; all of them begin alike up to `at`.
  std::string keyOutside(const std::set<std::string> &names, size_t at) {
    std::map<char, std::set<std::string>> next;
    for (const std::string &name : names) {
      if (at < name.size()) {
        next[name[at]].insert(name);
      }
    }
    std::string other = "[^\"\\\\\\x7F\\x00-\\x1F", expression;
    for (const auto &[character, under] : next) {
      if (character < 0x20 || (character & 0x80) != 0 || character == '"' || character == '\\') {
        refuse(CRIA_STATUS_UNSUPPORTED, "/additionalProperties",
               "further properties beside names that are not plain ASCII: set it to false");
      }
      other += character == ']' || character == '^' || character == '-' ? std::string("\\") + character
                                                                        : std::string(1, character);
      expression += "\"" + std::string(1, character) + "\" " + keyOutside(under, at + 1) + " | ";
    }
    expression += other + "] [^\"\\\\\\x7F\\x00-\\x1F]*";
    const bool isName =
        std::any_of(names.begin(), names.end(), [&](const std::string &name) { return name.size() == at; });
    return "(" + expression + (isName ? "" : " | \"\"") + ")";
  }

  // In the order of declaration: from property i on, with nothing before it or with a pair before.
  std::string pairsFrom(const std::vector<Property> &properties, const std::string &other) {
    std::string afterNone = other.empty() ? "" : add("(" + other + " (\",\" ws " + other + ")*)?");
    std::string afterPair = other.empty() ? "" : add("(\",\" ws " + other + ")*");
    for (size_t i = properties.size(); i-- > 0;) {
      const Property &property = properties[i];
      const std::string first = property.pair + " " + afterPair, more = "\",\" ws " + first;
      const std::string skippedFirst =
          property.isRequired ? "" : " | " + (afterNone.empty() ? "\"\"" : afterNone);
      const std::string skippedMore =
          property.isRequired ? "" : " | " + (afterPair.empty() ? "\"\"" : afterPair);
      afterNone = add(first + skippedFirst);
      afterPair = add(more + skippedMore);
    }
    return afterNone;
  }

  Json root_;
  std::map<std::string, std::string> names_; // rules by JSON pointer
  std::string rules_;
  int count_ = 0;
  int depth_ = 0; // of schemas that are being written
};

} // namespace

std::string grammarOfJsonSchema(std::string_view schema) {
  int members = 0;
  const auto watchSize = [&members](int depth, Json::parse_event_t event, Json &) { // before it is walked
    members += event == Json::parse_event_t::key ? 1 : 0;
    if (depth > kMostNesting || members > kMostMembers) {
      throw plugin::Refusal(CRIA_STATUS_INVALID_ARGUMENT,
                            "JSON Schema: expected values in at most " + std::to_string(kMostNesting) +
                                " levels, and at most " + std::to_string(kMostMembers) + " members");
    }
    return true;
  };
  try {
    return Writer(Json::parse(schema, watchSize)).write();
  } catch (const Json::exception &problem) { // of text: with line and column; else what has the wrong type
    throw plugin::Refusal(CRIA_STATUS_INVALID_ARGUMENT, std::string("JSON Schema: ") + problem.what());
  }
}

} // namespace cria::grammar
