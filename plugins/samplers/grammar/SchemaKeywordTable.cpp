// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/samplers/grammar/SchemaKeywordTable.h"

#include <algorithm>
#include <utility>

namespace cria::grammar {
namespace {

enum class Expected : uint8_t {
  boolean,
  string,
  number,
  exclusiveBound,
  positive,
  count,
  array,
  names,
  namesByName,
  schema,
  schemas,
  anySchemas,
  schemaOrSchemas,
  schemasByName,
  dependencies,
  anything
};

struct Keyword {
  std::string_view name;
  Expected expected;
  Draft first = Draft::draft4, last = Draft::draft2020;
};

constexpr Keyword kKeywords[] = {
    {"$schema", Expected::string},
    {"$id", Expected::string, Draft::draft6},
    {"id", Expected::string, Draft::draft4, Draft::draft4},
    {"$anchor", Expected::string, Draft::draft2019},
    {"$dynamicAnchor", Expected::string, Draft::draft2020},
    {"$recursiveAnchor", Expected::boolean, Draft::draft2019, Draft::draft2019},
    {"$ref", Expected::string},
    {"$dynamicRef", Expected::string, Draft::draft2020},
    {"$recursiveRef", Expected::string, Draft::draft2019, Draft::draft2019},
    {"type", Expected::anything}, // typesOf() names the types
    {"enum", Expected::array},
    {"const", Expected::anything, Draft::draft6},
    {"minimum", Expected::number},
    {"maximum", Expected::number},
    {"exclusiveMinimum", Expected::exclusiveBound},
    {"exclusiveMaximum", Expected::exclusiveBound},
    {"multipleOf", Expected::positive},
    {"minLength", Expected::count},
    {"maxLength", Expected::count},
    {"pattern", Expected::string},
    {"format", Expected::string},
    {"prefixItems", Expected::anySchemas, Draft::draft2020},
    {"items", Expected::schemaOrSchemas},
    {"additionalItems", Expected::schema},
    {"unevaluatedItems", Expected::schema, Draft::draft2019},
    {"minItems", Expected::count},
    {"maxItems", Expected::count},
    {"uniqueItems", Expected::boolean},
    {"contains", Expected::schema, Draft::draft6},
    {"minContains", Expected::count, Draft::draft2019},
    {"maxContains", Expected::count, Draft::draft2019},
    {"properties", Expected::schemasByName},
    {"patternProperties", Expected::schemasByName},
    {"additionalProperties", Expected::schema},
    {"unevaluatedProperties", Expected::schema, Draft::draft2019},
    {"propertyNames", Expected::schema, Draft::draft6},
    {"required", Expected::names},
    {"minProperties", Expected::count},
    {"maxProperties", Expected::count},
    {"dependentRequired", Expected::namesByName, Draft::draft2019},
    {"dependentSchemas", Expected::schemasByName, Draft::draft2019},
    {"dependencies", Expected::dependencies, Draft::draft4, Draft::draft7},
    {"allOf", Expected::schemas},
    {"anyOf", Expected::schemas},
    {"oneOf", Expected::schemas},
    {"not", Expected::schema},
    {"if", Expected::schema, Draft::draft7},
    {"then", Expected::schema, Draft::draft7},
    {"else", Expected::schema, Draft::draft7},
};

bool isSchema(const Json &value) { return value.is_object() || value.is_boolean(); }

bool areNames(const Json &value) {
  return value.is_array() &&
         std::all_of(value.begin(), value.end(), [](const Json &name) { return name.is_string(); });
}

bool isNonempty(const Json &value) { return value.is_array() && !value.empty(); }

template <typename Predicate> bool isObjectOf(const Json &value, Predicate predicate) {
  return value.is_object() && std::all_of(value.begin(), value.end(), predicate);
}

std::string expectedNumber(const Json &value, const char *what) {
  return isNumber(value) && !decimalOf(value)
             ? "a number of at most " + std::to_string(Decimal::kMaxDigits) + " digits"
             : what;
}

/// Returns what was expected where the value is something else; an empty text where it is that.
std::string missing(const Json &value, Expected expected, Draft draft, bool isOpenApi) {
  const auto unless = [](bool isValid, std::string what) {
    return isValid ? std::string() : std::move(what);
  };
  const std::optional<Decimal> number = decimalOf(value);
  switch (expected) {
  case Expected::boolean:
    return unless(value.is_boolean(), "true or false");
  case Expected::string:
    return unless(value.is_string(), "a string");
  case Expected::number:
    return unless(number.has_value(), expectedNumber(value, "a number"));
  case Expected::exclusiveBound:
    return draft <= Draft::draft4 && !isOpenApi
               ? unless(value.is_boolean(), "true or false; draft 6 has numbers here")
               : unless(number || (isOpenApi && value.is_boolean()),
                        value.is_boolean() ? "a number; true and false are of draft 4, which $schema has to "
                                             "name, and of OpenAPI 3.0"
                                           : expectedNumber(value, "a number"));
  case Expected::positive:
    return unless(number && !number->isZero() && !number->isNegative,
                  expectedNumber(value, number ? "a number above zero" : "a number"));
  case Expected::count:
    return unless(number && number->isInteger() && !number->isNegative,
                  expectedNumber(value, number ? "a nonnegative integer" : "a number"));
  case Expected::array:
    return unless(isNonempty(value), "a nonempty array");
  case Expected::names:
    return unless(areNames(value) || value.is_boolean(), "an array of names"); // a boolean is of draft 3
  case Expected::namesByName:
    return unless(isObjectOf(value, areNames),
                  value.is_object() ? "an array of names for each" : "an object");
  case Expected::schema:
    return unless(isSchema(value), "a schema, which is an object or a boolean");
  case Expected::schemas:
    return unless(isNonempty(value) && std::all_of(value.begin(), value.end(), isSchema),
                  "a nonempty array of schemas");
  case Expected::anySchemas:
    return unless(value.is_array() && std::all_of(value.begin(), value.end(), isSchema),
                  "an array of schemas");
  case Expected::schemaOrSchemas:
    return unless(isSchema(value) || (value.is_array() && std::all_of(value.begin(), value.end(), isSchema)),
                  "a schema, or an array of schemas");
  case Expected::schemasByName:
    return unless(isObjectOf(value, isSchema), "an object of schemas");
  case Expected::dependencies:
    return unless(isObjectOf(value, [](const Json &each) { return isSchema(each) || areNames(each); }),
                  "an object of schemas and arrays of names");
  case Expected::anything:
    return "";
  }
  return "";
}

} // namespace

std::pair<Draft, Draft> draftsOf(std::string_view name) {
  const auto keyword = std::find_if(std::begin(kKeywords), std::end(kKeywords),
                                    [&](const Keyword &each) { return each.name == name; });
  return {keyword->first, keyword->last};
}

void checkKeywords(const SchemaDocument &document, const Json &schema, bool isOpenApi) {
  const auto check = [&](const Keyword &keyword) {
    const auto found = schema.find(keyword.name);
    if (found == schema.end()) {
      return;
    }
    const std::string expected = missing(*found, keyword.expected, document.draft(), isOpenApi);
    if (!expected.empty()) {
      document.invalid(schema, std::string(keyword.name), "expected " + expected + ", got " + textOf(*found));
    }
  };
  for (const Keyword &keyword : kKeywords) {
    if (keyword.first <= document.draft()) { // keywords of older drafts are enforced, too
      check(keyword);
    }
  }
  if (isOpenApi) {
    check({"nullable", Expected::boolean});
  }
}

} // namespace cria::grammar
