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

std::optional<Decimal> numberOf(const Json &schema, const char *keyword) {
  return schema.contains(keyword) ? decimalOf(schema[keyword]) : std::nullopt;
}

std::optional<uint64_t> countOf(const Json &schema, const char *keyword) {
  const std::optional<Decimal> number = numberOf(schema, keyword);
  const std::string digits = number ? number->integerDigits() : "";
  return !number              ? std::nullopt
         : digits.size() > 18 ? std::optional(uint64_t{1} << 60)
                              : std::optional<uint64_t>(std::stoull(digits));
}

std::optional<std::string> stringOf(const Json &schema, const char *keyword) {
  return schema.contains(keyword) ? std::optional(schema[keyword].get<std::string>()) : std::nullopt;
}

const Json &objectOf(const Json &schema, const char *keyword) {
  static const Json empty = Json::object();
  return schema.contains(keyword) ? schema[keyword] : empty;
}

// ---- Numbers and strings ----

SchemaReader::Bounds SchemaReader::boundsOf(const Json &schema) {
  Bounds bounds;
  NumberSet set;
  const auto read = [&](const char *inclusive, const char *exclusive, auto add) {
    const bool isFlag = schema.contains(exclusive) && schema[exclusive].is_boolean();
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
  if (const auto name = options_.hasExactFormats ? stringOf(schema, "format") : std::nullopt) {
    shape.numbers.restrictTo(numbersOfFormat(*name).value_or(NumberSet()));
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
  return name ? languageOfFormat(languages_, *name, options_.hasExactFormats).value_or(Languages::kAnyText)
              : Languages::kAnyText;
}

/// Refuses a format that is not enforced, where all have to be. One of numbers restricts only numbers, and
/// one of strings only strings; but strings whose format is one of numbers are meant to hold such a number.
void SchemaReader::checkFormat(const Json &schema) const {
  const auto name = options_.hasExactFormats ? stringOf(schema, "format") : std::nullopt;
  if (!name || isFormatOfTexts(*name)) {
    return;
  }
  if (!numbersOfFormat(*name)) {
    document_.unsupported(schema, "format",
                          "format '" + *name + "' cannot be enforced; expected " + knownFormats());
  }
  const Json types = schema.contains("type") ? schema["type"] : Json();
  if (types == Json("string") ||
      (types.is_array() && std::find(types.begin(), types.end(), Json("string")) != types.end())) {
    document_.unsupported(schema, "format", "format '" + *name + "' cannot be enforced on strings");
  }
}

// ---- Arrays and objects ----

/// The schemas of items, under the names that the draft gives them.
SchemaReader::Items SchemaReader::itemsOf(const Json &schema) {
  const auto member = [&](const char *name) { return schema.contains(name) ? &schema[name] : nullptr; };
  if (isKeyword(schema, "prefixItems")) {
    return {&schema["prefixItems"], "prefixItems", member("items")};
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
    const std::vector<std::string> names = namesOf(schema["required"]);
    shape.required.insert(names.begin(), names.end());
    appendNames(shape.requiredOrder, names);
  }
  shape.minimum = countOf(schema, "minProperties").value_or(0);
  shape.maximum = countOf(schema, "maxProperties").value_or(Shape::kNoLimit);
}

} // namespace cria::grammar
