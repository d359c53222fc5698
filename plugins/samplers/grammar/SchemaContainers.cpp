// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Translates arrays and objects of a JSON Schema.
#include "plugins/samplers/grammar/SchemaWriter.h"

#include <algorithm>

namespace cria::grammar {

/// Longest name of a property that additional properties must differ from; each byte is a level of groups.
static constexpr size_t kMaxNameBytes = 100;

std::string SchemaWriter::arrayOf(const Json &schema, const std::string &pointer) {
  allowOnly(schema, pointer, {"type", "items", "prefixItems", "minItems", "maxItems"});
  if (schema.contains("prefixItems")) {
    return tupleOf(schema, pointer);
  }
  const std::string item = schema.contains("items") ? ruleOf(schema["items"], pointer + "/items") : "value";
  const auto [minimum, maximum] = boundsOf(schema, "minItems", "maxItems", pointer);
  if (maximum && *maximum == 0) {
    return R"("[" ws "]")";
  }
  const std::string more = " (\",\" ws " + item + " ws){" +
                           std::to_string(std::max<int64_t>(minimum - 1, 0)) + "," +
                           (maximum ? std::to_string(*maximum - 1) : "") + "}";
  const std::string all = item + " ws" + more;
  return "\"[\" ws " + (minimum == 0 ? "(" + all + ")?" : all) + " \"]\"";
}

std::string SchemaWriter::tupleOf(const Json &schema, const std::string &pointer) {
  allowOnly(schema, pointer, {"type", "prefixItems", "items"});
  const bool isClosed =
      schema.contains("items") && schema["items"].is_boolean() && !schema["items"].get<bool>();
  if (!schema["prefixItems"].is_array() || (schema.contains("items") && !isClosed)) {
    refuse(CRIA_STATUS_UNSUPPORTED, pointer + "/prefixItems",
           "expected an array of schemas, and 'items' to be false or absent");
  }
  std::string items;
  for (size_t i = 0; i < schema["prefixItems"].size(); ++i) { // exactly these items
    items += (i == 0 ? "" : " \",\" ws ") +
             ruleOf(schema["prefixItems"][i], pointer + "/prefixItems/" + std::to_string(i)) + " ws";
  }
  return "\"[\" ws " + items + " \"]\"";
}

std::string SchemaWriter::objectOf(const Json &schema, const std::string &pointer) {
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
      refuse(CRIA_STATUS_UNSUPPORTED, pointer + "/required",
             "required property " + name.dump() + " is not declared in 'properties'");
    }
  }
  return "\"{\" ws " + pairsFrom(properties, othersOf(schema, names, pointer)) + " \"}\"";
}

std::string SchemaWriter::othersOf(const Json &schema, const std::set<std::string> &names,
                                   const std::string &pointer) {
  const bool isOpen = schema.contains("additionalProperties")
                          ? schema["additionalProperties"] != Json(false)
                          : names.empty(); // an object that declares properties has no others
  if (!isOpen) {
    return "";
  }
  for (const std::string &name : names) {
    if (name.size() > kMaxNameBytes) {
      refuse(CRIA_STATUS_UNSUPPORTED, pointer + "/additionalProperties",
             "additional properties are not supported with property names of more than " +
                 std::to_string(kMaxNameBytes) + " bytes; set it to false");
    }
  }
  const std::string value = schema.contains("additionalProperties")
                                ? ruleOf(schema["additionalProperties"], pointer + "/additionalProperties")
                                : "value";
  return add("\"\\\"\" " + keyOutside(names, 0) + " \"\\\"\" ws \":\" ws " + value + " ws");
}

std::string SchemaWriter::keyOutside(const std::set<std::string> &names, size_t at) {
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
             "additional properties require property names in printable ASCII without \" and \\; set it to "
             "false");
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

std::string SchemaWriter::pairsFrom(const std::vector<Property> &properties, const std::string &other) {
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

} // namespace cria::grammar
