// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Keywords that constrain the values of one type.
#include "plugins/samplers/grammar/JsonPattern.h"
#include "plugins/samplers/grammar/SchemaFormats.h"
#include "plugins/samplers/grammar/SchemaReader.h"

#include <algorithm>

namespace cria::grammar {

void SchemaReader::constrain(Shape &shape, const Json &schema) {
  switch (shape.type) {
  case ValueType::null:
  case ValueType::boolean:
    return;
  case ValueType::number:
    return constrainNumber(shape, schema);
  case ValueType::string:
    return constrainText(shape, schema);
  case ValueType::array:
    return constrainArray(shape, schema);
  case ValueType::object:
    return constrainObject(shape, schema);
  }
}

// ---- Values of keywords ----

std::optional<Decimal> SchemaReader::numberOf(const Json &schema, const char *keyword) {
  if (!schema.contains(keyword)) {
    return std::nullopt;
  }
  const std::optional<Decimal> number = decimalOf(schema[keyword]);
  if (!number) {
    document_.invalid(schema, keyword,
                      isNumber(schema[keyword])
                          ? "expected a number of at most " + std::to_string(Decimal::kMaxDigits) + " digits"
                          : "expected a number, got " + textOf(schema[keyword]));
  }
  return number;
}

std::optional<uint64_t> SchemaReader::countOf(const Json &schema, const char *keyword) {
  const std::optional<Decimal> number = numberOf(schema, keyword);
  if (!number) {
    return std::nullopt;
  }
  const std::string digits = number->integerDigits();
  if (number->isNegative || !number->isInteger()) {
    document_.invalid(schema, keyword, "expected a nonnegative integer, got " + textOf(schema[keyword]));
  }
  return digits.size() > 18 ? uint64_t{1} << 60 : std::stoull(digits);
}

std::optional<std::string> SchemaReader::stringOf(const Json &schema, const char *keyword) {
  if (!schema.contains(keyword)) {
    return std::nullopt;
  }
  if (!schema[keyword].is_string()) {
    document_.invalid(schema, keyword, "expected a string, got " + textOf(schema[keyword]));
  }
  return schema[keyword].get<std::string>();
}

const Json &SchemaReader::arrayOf(const Json &schema, const char *keyword) {
  if (!schema[keyword].is_array() || (schema[keyword].empty() && keyword != std::string_view("items") &&
                                      keyword != std::string_view("prefixItems"))) {
    document_.invalid(schema, keyword, "expected a nonempty array, got " + textOf(schema[keyword]));
  }
  return schema[keyword];
}

const Json &SchemaReader::objectOf(const Json &schema, const char *keyword) {
  static const Json empty = Json::object();
  if (!schema.contains(keyword)) {
    return empty;
  }
  if (!schema[keyword].is_object()) {
    document_.invalid(schema, keyword, "expected an object, got " + textOf(schema[keyword]));
  }
  return schema[keyword];
}

std::vector<std::string> SchemaReader::namesOf(const Json &names, const Json &schema, const char *keyword) {
  if (!names.is_array() ||
      !std::all_of(names.begin(), names.end(), [](const Json &name) { return name.is_string(); })) {
    document_.invalid(schema, keyword, "expected an array of names, got " + textOf(names));
  }
  return names.get<std::vector<std::string>>();
}

// ---- Numbers and strings ----

SchemaReader::Bounds SchemaReader::boundsOf(const Json &schema) {
  Bounds bounds;
  NumberSet set;
  const auto read = [&](const char *inclusive, const char *exclusive, auto add) {
    const bool isFlag = schema.contains(exclusive) && schema[exclusive].is_boolean(); // in draft 4
    if (const auto bound = numberOf(schema, inclusive)) {
      (set.*add)({*bound, isFlag && schema[exclusive].get<bool>()});
    }
    if (const auto bound = isFlag ? std::nullopt : numberOf(schema, exclusive)) {
      (set.*add)({*bound, true});
    }
  };
  read("minimum", "exclusiveMinimum", &NumberSet::addLow);
  read("maximum", "exclusiveMaximum", &NumberSet::addHigh);
  return {set.low, set.high};
}

void SchemaReader::constrainNumber(Shape &shape, const Json &schema) {
  const auto [low, high] = boundsOf(schema);
  shape.numbers.low = low;
  shape.numbers.high = high;
  if (const auto factor = numberOf(schema, "multipleOf")) {
    if (factor->isZero() || factor->isNegative) {
      document_.invalid(schema, "multipleOf",
                        "expected a number above zero, got " + textOf(schema["multipleOf"]));
    }
    if (!NumberSet::canDivideBy(*factor)) {
      document_.unsupported(schema, "multipleOf",
                            "multiples of " + factor->text() +
                                " are not supported; expected at most 8192, shifted by at most 18 digits");
    }
    if (*factor == *Decimal::parse("1")) {
      shape.numbers.isInteger = true;
    } else {
      shape.numbers.factors.push_back(*factor);
    }
  }
}

void SchemaReader::constrainText(Shape &shape, const Json &schema) {
  std::vector<Id> parts;
  if (const auto pattern = stringOf(schema, "pattern")) {
    parts.push_back(patternOf(schema, *pattern, "pattern", reading_));
  }
  parts.push_back(formatOf(schema));
  shape.text = languages_.both(parts);
  const auto minimum = countOf(schema, "minLength"), maximum = countOf(schema, "maxLength");
  if (minimum || maximum) {
    shape.text =
        languages_.withLength(shape.text, minimum.value_or(0), maximum.value_or(Languages::kNoLimit));
  }
}

/// Returns the texts in which a pattern surely or possibly matches. Where the two differ, the values that
/// surely conform do not include all that possibly do.
Languages::Id SchemaReader::patternOf(const Json &schema, const std::string &pattern,
                                      const std::string &member, Reading reading) {
  const std::string place = document_.placeOf(schema, member);
  const Id sure = languageOfPattern(languages_, pattern, place, Reading::sure);
  const Id possible = languageOfPattern(languages_, pattern, place, Reading::possible);
  isWhole_ &= reading_ == Reading::possible || sure == possible;
  return reading == Reading::sure ? sure : possible;
}

Languages::Id SchemaReader::formatOf(const Json &schema) {
  const auto name = stringOf(schema, "format");
  if (!name) {
    return Languages::kAnyText;
  }
  const auto language = languageOfFormat(languages_, *name, options_.hasExactFormats);
  if (!language && options_.hasExactFormats) {
    document_.unsupported(schema, "format",
                          "format '" + *name + "' cannot be enforced; expected " + knownFormats());
  }
  return language.value_or(Languages::kAnyText);
}

// ---- Arrays and objects ----

/// The schemas of items, under the names that the draft gives them.
SchemaReader::Items SchemaReader::itemsOf(const Json &schema) {
  const auto member = [&](const char *name) { return schema.contains(name) ? &schema[name] : nullptr; };
  if (isKeyword(schema, "prefixItems")) {
    return {&arrayOf(schema, "prefixItems"), "prefixItems", member("items")};
  }
  const Json *items = member("items");
  if (items == nullptr || !items->is_array()) {
    return {nullptr, "", items};
  }
  return {items, "items", member("additionalItems")};
}

void SchemaReader::constrainArray(Shape &shape, const Json &schema) {
  const Items items = itemsOf(schema);
  if (items.prefix != nullptr) {
    for (const Json &each : *items.prefix) {
      shape.prefix.push_back(schemaIn(each));
    }
    shape.numEvaluated = items.prefix->size();
  }
  if (items.rest != nullptr) {
    shape.rest = schemaIn(*items.rest);
    shape.numEvaluated = Shape::kNoLimit;
  }
  if (isKeyword(schema, "unevaluatedItems") && items.rest == nullptr) {
    shape.numEvaluated = std::max<uint64_t>(shape.numEvaluated, 0);
  }
  shape.minimum = countOf(schema, "minItems").value_or(0);
  shape.maximum = countOf(schema, "maxItems").value_or(Shape::kNoLimit);
  shape.isUnique = schema.contains("uniqueItems") && schema["uniqueItems"] == Json(true);
  if (isKeyword(schema, "contains")) {
    const uint64_t minimum = isKeyword(schema, "minContains") ? *countOf(schema, "minContains") : 1;
    const uint64_t maximum =
        isKeyword(schema, "maxContains") ? *countOf(schema, "maxContains") : Shape::kNoLimit;
    if (minimum > 0 || maximum != Shape::kNoLimit) {
      shape.contained.push_back({schemaIn(schema["contains"]), minimum, maximum});
      shape.minimum = std::max(shape.minimum, minimum);
    }
  }
}

/// Returns the strings that conform to a node.
Languages::Id SchemaReader::textsOf(const Node &node) {
  std::vector<Id> texts;
  for (const Shape &each : shapesOf(node)) {
    if (each.type == ValueType::string && each.values) {
      for (const Json &value : *each.values) {
        texts.push_back(languages_.text(value.get<std::string>()));
      }
    } else if (each.type == ValueType::string) {
      texts.push_back(each.text);
    }
  }
  return languages_.choice(texts);
}

/// The schemas of patternProperties apply to all names that possibly match, and what applies to other names
/// applies to all that possibly do not: names about which implementations differ conform to both.
void SchemaReader::constrainObject(Shape &shape, const Json &schema) {
  std::vector<Id> own;
  for (const auto &[name, each] : objectOf(schema, "properties").items()) {
    own.push_back(languages_.text(name));
    shape.properties.push_back({own.back(), schemaIn(each)});
    shape.order.push_back(name);
  }
  for (const auto &[pattern, each] : objectOf(schema, "patternProperties").items()) {
    own.push_back(patternOf(schema["patternProperties"], pattern, pattern, reading_));
    shape.properties.push_back(
        {patternOf(schema["patternProperties"], pattern, pattern, opposite(reading_)), schemaIn(each)});
  }
  shape.evaluated = languages_.choice(own);
  if (schema.contains("additionalProperties")) {
    shape.properties.push_back(
        {languages_.complement(shape.evaluated), schemaIn(schema["additionalProperties"])});
    shape.evaluated = Languages::kAnyText;
  }
  if (isKeyword(schema, "propertyNames")) {
    const Id allowed = textsOf(schemaIn(schema["propertyNames"]));
    shape.properties.push_back({languages_.complement(allowed), schemaIn(falseSchema())});
  }
  if (schema.contains("required") && !schema["required"].is_boolean()) { // a boolean is draft 3's
    const std::vector<std::string> names = namesOf(schema["required"], schema, "required");
    shape.required.insert(names.begin(), names.end());
    appendNames(shape.requiredOrder, names);
  }
  shape.minimum = countOf(schema, "minProperties").value_or(0);
  shape.maximum = countOf(schema, "maxProperties").value_or(Shape::kNoLimit);
}

} // namespace cria::grammar
