// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Negations of schemas: the values that fail at least one keyword. What fails a keyword that is not listed
// here is left out, so that fewer values than possible are allowed; annotations, and formats with them, fail
// nowhere.
#include "plugins/samplers/grammar/SchemaReader.h"

#include <algorithm>

namespace cria::grammar {

static Shapes withoutEvaluations(Shapes shapes) {
  for (Shape &shape : shapes) {
    shape.evaluated = Languages::kNothing;
    shape.numEvaluated = 0;
  }
  return shapes;
}

/// Returns whether some values that fail the schema are left out.
bool SchemaReader::leavesOut(const Json &schema) const {
  const auto isAnything = [](const Json &value) { return value == Json(true) || value == Json::object(); };
  for (const char *keyword : {"uniqueItems", "unevaluatedItems", "unevaluatedProperties"}) {
    if (isKeyword(schema, keyword) && !isAnything(schema[keyword])) {
      return true;
    }
  }
  if (options_.hasExactFormats && schema.contains("format")) {
    return true;
  }
  const bool hasTuple =
      isKeyword(schema, "prefixItems") || (schema.contains("items") && schema["items"].is_array());
  return hasTuple && (schema.contains("items") || schema.contains("additionalItems"));
}

Shapes SchemaReader::readNegative(const Json &schema) {
  if (schema.contains("$ref") && document_.draft() <= Draft::draft7) {
    return shapesOf(targetOf(schema, "$ref", true));
  }
  Shapes result;
  negateTypes(schema, result);
  if (const auto values = listOf(schema)) {
    negateValues(*values, result);
  }
  negateNumber(schema, result);
  negateText(schema, result);
  negateArray(schema, result);
  negateObject(schema, result);
  negateCombinations(schema, result);
  isWhole_ &= !leavesOut(schema);
  for (const char *keyword : {"uniqueItems", "contains", "unevaluatedItems", "unevaluatedProperties",
                              "dependencies", "minContains"}) {
    if (result.empty() && isKeyword(schema, keyword)) {
      document_.unsupported(schema, keyword,
                            "'" + std::string(keyword) +
                                "' is not supported in not, in if, and where schemas of oneOf share values");
    }
  }
  std::erase_if(result, [&](const Shape &shape) { return isEmpty(shape); });
  return withoutEvaluations(std::move(result));
}

void SchemaReader::negateCombinations(const Json &schema, Shapes &out) {
  for (const char *keyword : {"$ref", "$dynamicRef", "$recursiveRef"}) {
    if (isKeyword(schema, keyword)) {
      append(out, shapesOf(targetOf(schema, keyword, true)));
    }
  }
  const auto noneOf = [&](const char *keyword) {
    Shapes none = shapesOf({});
    for (const Json &each : schema[keyword]) {
      const size_t most = std::max(kMaxOfNegation, none.size());
      none = intersectionOf(none, shapesOf(schemaIn(each, true)), most);
      isWhole_ &= none.size() < most;
    }
    append(out, none);
  };
  if (schema.contains("allOf")) {
    for (const Json &each : schema["allOf"]) {
      append(out, shapesOf(schemaIn(each, true)));
    }
  }
  if (schema.contains("anyOf")) {
    noneOf("anyOf");
  }
  if (schema.contains("oneOf")) {
    noneOf("oneOf");
    const Json &choices = schema["oneOf"];
    for (size_t i = 0; i < choices.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        append(out, intersectionOf(shapesOf(schemaIn(choices[i])), shapesOf(schemaIn(choices[j]))));
      }
    }
  }
  if (schema.contains("not")) {
    append(out, shapesOf(schemaIn(schema["not"])));
  }
  for (const char *keyword : {"then", "else"}) {
    if (isKeyword(schema, "if") && schema.contains(keyword)) {
      append(out, intersectionOf(shapesOf(schemaIn(schema["if"], keyword[0] == 'e')),
                                 shapesOf(schemaIn(schema[keyword], true))));
    }
  }
}

void SchemaReader::negateTypes(const Json &schema, Shapes &out) {
  if (!schema.contains("type")) {
    return;
  }
  const Shapes allowed = typesOf(schema);
  for (const Shape &shape : shapesOf({})) {
    const auto same = std::find_if(allowed.begin(), allowed.end(),
                                   [&](const Shape &each) { return each.type == shape.type; });
    if (same == allowed.end()) {
      out.push_back(shape);
    } else if (same->numbers.isInteger) {
      out.push_back(shape);
      out.back().numbers.notFactors.push_back(*Decimal::parse("1"));
    }
  }
}

void SchemaReader::negateValues(const std::vector<Json> &values, Shapes &out) {
  Shapes others = shapesOf({});
  std::vector<Json> truths = {false, true}, structured;
  for (const Json &value : values) {
    Shape &shape = others[static_cast<size_t>(typeOf(value))];
    if (value.is_boolean()) {
      std::erase(truths, value);
      shape.values = truths;
    } else if (const auto number = decimalOf(value)) {
      shape.numbers.excluded.push_back(*number);
    } else if (value.is_string()) {
      shape.text =
          languages_.both({shape.text, languages_.complement(languages_.text(value.get<std::string>()))});
    } else if (value.is_structured() && value.empty()) {
      shape.minimum = 1;
    } else if (value.is_structured()) {
      structured.push_back(value);
    } else {
      shape.values.emplace(); // none
    }
  }
  constexpr size_t kMaxStructured = 4; // each of them multiplies the alternatives
  if (structured.size() > kMaxStructured) {
    for (const Json &value : structured) {
      others[static_cast<size_t>(typeOf(value))].values.emplace(); // none
    }
    isWhole_ = false;
    structured.clear();
  }
  for (const Json &value : structured) {
    const size_t most = std::max(kMaxOfNegation, others.size());
    others = intersectionOf(others, valuesOtherThan(value), most);
    isWhole_ &= others.size() < most;
  }
  append(out, others);
}

/// Returns a node of the values that are not equal to one.
Node SchemaReader::nodeOtherThan(const Json &value) {
  constexpr size_t kFirstMade = size_t{1} << 40; // above the order of all schemas of the documents
  Json schema = Json::object();
  schema["enum"] = Json::array();
  schema["enum"].push_back(value);
  const auto known =
      std::find_if(made_.begin(), made_.end(), [&](const Json &each) { return areEqual(each, schema); });
  const size_t index = static_cast<size_t>(known - made_.begin());
  if (known == made_.end()) {
    made_.push_back(schema);
  }
  return {{kFirstMade + index, &made_[index], true, DynamicScopes::kNone, Reading::sure}};
}

/// Returns the values that are not equal to an array or object with members: those of another type or size,
/// and those with a member that differs.
Shapes SchemaReader::valuesOtherThan(const Json &value) {
  Shapes others = shapesOf({});
  const ValueType type = typeOf(value);
  std::erase_if(others, [&](const Shape &shape) { return shape.type == type; });
  const auto add = [&]() -> Shape & { return others.emplace_back(Shape{.type = type}); };
  if (value.is_array()) {
    add().maximum = value.size() - 1;
    add().minimum = value.size() + 1;
    for (size_t i = 0; i < value.size(); ++i) {
      Shape &shape = add();
      shape.minimum = i + 1;
      shape.prefix.resize(i + 1);
      shape.prefix[i] = nodeOtherThan(value[i]);
    }
    return others;
  }
  std::vector<std::string> names;
  std::vector<Id> texts;
  for (const auto &[name, each] : value.items()) {
    names.push_back(name);
    texts.push_back(languages_.text(name));
    add().properties.push_back({texts.back(), schemaIn(falseSchema())});
  }
  for (const auto &[name, each] : value.items()) {
    Shape &shape = add();
    shape.order = names;
    shape.required.insert(name);
    shape.properties.push_back({languages_.text(name), nodeOtherThan(each)});
  }
  Shape &larger = add();
  larger.order = names;
  larger.witnesses.push_back({languages_.complement(languages_.choice(texts)), {}});
  larger.minimum = 1;
  return others;
}

void SchemaReader::negateNumber(const Json &schema, Shapes &out) {
  const Bounds bounds = boundsOf(schema);
  if (bounds.low) {
    out.push_back({.type = ValueType::number});
    out.back().numbers.high = {bounds.low->value, !bounds.low->isExclusive};
  }
  if (bounds.high) {
    out.push_back({.type = ValueType::number});
    out.back().numbers.low = {bounds.high->value, !bounds.high->isExclusive};
  }
  if (schema.contains("multipleOf")) {
    Shape multiples{.type = ValueType::number};
    constrainNumber(multiples, schema);
    out.push_back({.type = ValueType::number});
    out.back().numbers.notFactors.push_back(*numberOf(schema, "multipleOf"));
  }
}

void SchemaReader::negateText(const Json &schema, Shapes &out) {
  const auto add = [&](Id language) {
    out.push_back({.type = ValueType::string});
    out.back().text = language;
  };
  if (const auto minimum = countOf(schema, "minLength"); minimum && *minimum > 0) {
    add(languages_.withLength(Languages::kAnyText, 0, *minimum - 1));
  }
  if (const auto maximum = countOf(schema, "maxLength")) {
    add(languages_.withLength(Languages::kAnyText, *maximum + 1, Languages::kNoLimit));
  }
  if (const auto pattern = stringOf(schema, "pattern")) {
    add(languages_.complement(patternOf(schema, *pattern, "pattern", opposite(reading_))));
  }
}

void SchemaReader::negateArray(const Json &schema, Shapes &out) {
  const auto add = [&]() -> Shape & { return out.emplace_back(Shape{.type = ValueType::array}); };
  if (const auto minimum = countOf(schema, "minItems"); minimum && *minimum > 0) {
    add().maximum = *minimum - 1;
  }
  if (const auto maximum = countOf(schema, "maxItems")) {
    add().minimum = *maximum + 1;
  }
  const Items items = itemsOf(schema);
  const size_t size = items.prefix == nullptr ? 0 : items.prefix->size();
  for (size_t i = 0; i < size; ++i) {
    Shape &shape = add();
    shape.minimum = i + 1;
    shape.prefix.resize(i + 1);
    shape.prefix[i] = schemaIn((*items.prefix)[i], true);
  }
  if (items.rest != nullptr && *items.rest == Json(false)) {
    add().minimum = size + 1;
  } else if (items.rest != nullptr && size == 0) {
    Shape &shape = add();
    shape.contained.push_back({schemaIn(*items.rest, true), 1, Shape::kNoLimit});
    shape.minimum = 1;
  }
  if (isKeyword(schema, "contains")) {
    const uint64_t minimum = isKeyword(schema, "minContains") ? *countOf(schema, "minContains") : 1;
    if (minimum == 1) {
      add().rest = schemaIn(schema["contains"], true);
    } else if (minimum > 1) {
      add().contained.push_back({schemaIn(schema["contains"]), 0, minimum - 1});
    }
    if (isKeyword(schema, "maxContains")) {
      const uint64_t maximum = *countOf(schema, "maxContains");
      Shape &shape = add();
      shape.contained.push_back({schemaIn(schema["contains"]), maximum + 1, Shape::kNoLimit});
      shape.minimum = maximum + 1;
    }
  }
}

void SchemaReader::negateObject(const Json &schema, Shapes &out) {
  const auto add = [&]() -> Shape & { return out.emplace_back(Shape{.type = ValueType::object}); };
  const auto forbid = [&](Shape &shape, const std::string &name) {
    shape.properties.push_back({languages_.text(name), schemaIn(falseSchema())});
  };
  if (const auto minimum = countOf(schema, "minProperties"); minimum && *minimum > 0) {
    add().maximum = *minimum - 1;
  }
  if (const auto maximum = countOf(schema, "maxProperties")) {
    add().minimum = *maximum + 1;
  }
  if (schema.contains("required") && !schema["required"].is_boolean()) {
    for (const std::string &name : namesOf(schema["required"])) {
      forbid(add(), name);
    }
  }
  for (const auto &[name, each] : objectOf(schema, "properties").items()) {
    Shape &shape = add();
    for (const auto &[declared, any] : schema["properties"].items()) {
      shape.order.push_back(declared);
    }
    shape.required.insert(name);
    shape.properties.push_back({languages_.text(name), schemaIn(each, true)});
  }
  negateNames(schema, out);
  for (const char *keyword : {"dependentRequired", "dependentSchemas", "dependencies"}) {
    if (!isKeyword(schema, keyword)) {
      continue;
    }
    for (const auto &[name, needed] : objectOf(schema, keyword).items()) {
      Shape with{.type = ValueType::object};
      with.required.insert(name);
      if (needed.is_array()) {
        for (const std::string &each : namesOf(needed)) {
          forbid(out.emplace_back(with), each);
        }
      } else {
        append(out, intersectionOf({with}, shapesOf(schemaIn(needed, true))));
      }
    }
  }
}

/// The objects with a property that fails what the schema says of properties whose names it does not list.
void SchemaReader::negateNames(const Json &schema, Shapes &out) {
  const auto add = [&](Id names, const Node &node) {
    Shape &shape = out.emplace_back(Shape{.type = ValueType::object});
    for (const auto &[declared, any] : objectOf(schema, "properties").items()) {
      shape.order.push_back(declared);
    }
    shape.witnesses.push_back({names, node});
    shape.minimum = 1;
  };
  std::vector<Id> own;
  for (const auto &[name, any] : objectOf(schema, "properties").items()) {
    own.push_back(languages_.text(name));
  }
  for (const auto &[pattern, each] : objectOf(schema, "patternProperties").items()) {
    own.push_back(patternOf(schema["patternProperties"], pattern, pattern, opposite(reading_)));
    add(patternOf(schema["patternProperties"], pattern, pattern, reading_), schemaIn(each, true));
  }
  if (schema.contains("additionalProperties")) {
    add(languages_.complement(languages_.choice(own)), schemaIn(schema["additionalProperties"], true));
  }
  if (isKeyword(schema, "propertyNames")) {
    add(textsOf(schemaIn(schema["propertyNames"], true)), {});
  }
}

} // namespace cria::grammar
