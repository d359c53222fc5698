// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Schemas and the keywords that combine them.
#include "plugins/samplers/grammar/SchemaReader.h"

#include "plugins/samplers/grammar/SchemaKeywordTable.h"

#include <algorithm>
#include <utility>

namespace cria::grammar {

const Json &falseSchema() {
  static const Json schema = false;
  return schema;
}

static Shapes everyType() {
  return {{.type = ValueType::null},   {.type = ValueType::boolean}, {.type = ValueType::number},
          {.type = ValueType::string}, {.type = ValueType::array},   {.type = ValueType::object}};
}

bool SchemaReader::isKeyword(const Json &schema, const char *name) const {
  const auto [first, last] = draftsOf(name);
  return schema.contains(name) && first <= document_.draft() && document_.draft() <= last;
}

/// A keyword of an older draft is enforced where that allows fewer values.
bool SchemaReader::isEnforced(const Json &schema, const char *name) {
  const auto [first, last] = draftsOf(name);
  const bool isPresent = schema.contains(name) && first <= document_.draft();
  isWhole_ &= !isPresent || document_.draft() <= last;
  return isPresent;
}

Node SchemaReader::schemaIn(const Json &schema, bool isNegated) {
  const bool hasScope = schema.is_object(); // a boolean schema is the same in every scope
  return {{document_.orderOf(schema), &schema, isNegated,
           hasScope ? scopes_.enter(scope_, document_.anchorsOf(schema)) : DynamicScopes::kNone,
           hasScope ? reading_ : Reading::sure}};
}

Node SchemaReader::targetOf(const Json &schema, const char *keyword, bool isNegated) {
  const SchemaDocument::Target target = document_.resolve(schema, keyword);
  const Json *outermost = target.dynamicName ? scopes_.find(scope_, *target.dynamicName) : nullptr;
  return schemaIn(outermost == nullptr ? *target.schema : *outermost, isNegated);
}

const Shapes &SchemaReader::shapesOf(const Node &node) {
  if (const auto known = known_.find(node); known != known_.end()) {
    isWhole_ &= !partial_.contains(node);
    return known->second;
  }
  if (!open_.insert(node).second || ++depth_ > kMaxSchemaNesting) { // chains of references count too
    document_.invalid(*node.front().schema, "",
                      "schema refers to itself without end, or more than " +
                          std::to_string(kMaxSchemaNesting) + " levels deep");
  }
  const bool wasWhole = std::exchange(isWhole_, true);
  Shapes shapes = node.empty() ? everyType() : Shapes();
  const bool hasNegation =
      std::any_of(node.begin(), node.end(), [](const Atom &atom) { return atom.isNegated; });
  for (size_t i = 0; i < node.size(); ++i) {
    const Shapes each = node.size() == 1 ? read(node[i]) : shapesOf({node[i]});
    const size_t most = hasNegation ? std::max(kMaxOfNegation, shapes.size()) : kMaxShapes;
    shapes = i == 0 ? each : intersectionOf(shapes, each, most);
    isWhole_ &= i == 0 || most == kMaxShapes || shapes.size() < most;
  }
  open_.erase(node);
  --depth_;
  endOf(node, wasWhole);
  return known_.try_emplace(node, std::move(shapes))
      .first->second; // it may have been read for a property of its own
}

void SchemaReader::endOf(const Node &node, bool wasWhole) {
  if (!isWhole_) {
    partial_.insert(node);
  }
  isWhole_ &= wasWhole;
}

Shapes SchemaReader::read(const Atom &atom) {
  if (atom.schema->is_boolean()) {
    return atom.schema->get<bool>() != atom.isNegated ? everyType() : Shapes();
  }
  if (!atom.schema->is_object()) {
    document_.invalid(*atom.schema, "",
                      "expected a schema, which is an object or a boolean, got " + textOf(*atom.schema));
  }
  const bool hidesSiblings = document_.draft() <= Draft::draft7 && atom.schema->contains("$ref");
  if (!hidesSiblings && atom.schema->contains("required") && (*atom.schema)["required"] == Json(true)) {
    document_.unsupported(*atom.schema, "required",
                          "expected an array of names, got true, which only draft 3 knows; list the property "
                          "in 'required' of the schema that declares it");
  }
  if (!hidesSiblings && checked_.insert(atom.schema).second) {
    checkKeywords(document_, *atom.schema, options_.isOpenApi);
  }
  const DynamicScopes::Id outer = std::exchange(scope_, atom.scope);
  const Reading outerReading = std::exchange(reading_, atom.reading);
  Shapes shapes = atom.isNegated ? readNegative(*atom.schema) : readPositive(*atom.schema);
  scope_ = outer;
  reading_ = outerReading;
  return shapes;
}

Shapes SchemaReader::readPositive(const Json &schema) {
  if (schema.contains("$ref") && document_.draft() <= Draft::draft7) {
    return shapesOf(targetOf(schema, "$ref")); // other members are ignored
  }
  checkFormat(schema);
  Shapes shapes = typesOf(schema);
  for (Shape &shape : shapes) {
    constrain(shape, schema);
  }
  std::erase_if(shapes, [&](const Shape &shape) { return isEmpty(shape); });
  const auto restrict = [&](const Shapes &more) { shapes = intersectionOf(shapes, more); };
  if (const std::optional<std::vector<Json>> values = listOf(schema)) {
    restrict(listed(*values));
  }
  for (const char *keyword : {"$ref", "$dynamicRef", "$recursiveRef"}) {
    if (isEnforced(schema, keyword)) {
      restrict(shapesOf(targetOf(schema, keyword)));
    }
  }
  if (schema.contains("allOf")) {
    for (const Json &each : schema["allOf"]) {
      restrict(shapesOf(schemaIn(each)));
    }
  }
  if (schema.contains("anyOf")) {
    Shapes any;
    for (const Json &each : schema["anyOf"]) {
      append(any, shapesOf(schemaIn(each)));
    }
    restrict(any);
  }
  if (schema.contains("oneOf")) {
    restrict(readExactlyOne(schema));
  }
  if (schema.contains("not")) {
    restrict(shapesOf(schemaIn(schema["not"], true)));
  }
  if (isKeyword(schema, "if")) {
    restrict(readCondition(schema));
  }
  for (const char *keyword : {"dependentRequired", "dependentSchemas", "dependencies"}) {
    if (isEnforced(schema, keyword)) {
      for (const auto &[name, needed] : objectOf(schema, keyword).items()) {
        restrict(readDependency(name, needed));
      }
    }
  }
  readUnevaluated(schema, shapes);
  return shapes;
}

/// Returns whether a value may belong to the shapes, which are among those of `each`, and conform to `other`.
/// Shapes that leave out values do not show that there is none; those of the possible values leave out fewer.
bool SchemaReader::maySharePart(const Shapes &shapes, const Json &each, const Json &other) {
  const bool wasWhole = std::exchange(isWhole_, true);
  bool isEmpty = intersectionOf(shapes, shapesOf(schemaIn(other)), 1).empty();
  if (isEmpty && !isWhole_) {
    isWhole_ = true;
    const Reading outer = std::exchange(reading_, Reading::possible);
    isEmpty = intersectionOf(shapesOf(schemaIn(each)), shapesOf(schemaIn(other)), 1).empty();
    reading_ = outer;
  }
  const bool isKnown = std::exchange(isWhole_, wasWhole);
  return !isEmpty || !isKnown;
}

/// Returns how many ways in which a value fails the other schemas of oneOf are kept. The work on them grows
/// with the number of schemas, of others, and of the properties that these bring.
static size_t maxFailures(size_t numSchemas) {
  constexpr size_t kMost = 64, kWork = 64 * 16 * 16 * 16; // 16 schemas have 1024 ways together
  return std::clamp<size_t>(kWork / (numSchemas * numSchemas * numSchemas), 1, kMost);
}

/// A value conforms to exactly one schema of oneOf: to one, and to the negation of each that may share values
/// with it.
Shapes SchemaReader::readExactlyOne(const Json &schema) {
  const Json &choices = schema["oneOf"];
  const size_t maxOfEach = maxFailures(choices.size());
  Shapes result;
  for (const Json &each : choices) {
    Shapes one = shapesOf(schemaIn(each));
    for (const Json &other : choices) {
      if (&other != &each && maySharePart(one, each, other)) {
        const size_t most = std::max(maxOfEach, one.size());
        one = intersectionOf(one, shapesOf(schemaIn(other, true)), most);
        isWhole_ &= one.size() < most;
      }
    }
    append(result, one);
  }
  return result;
}

Shapes SchemaReader::readCondition(const Json &schema) {
  const auto branch = [&](bool isNegated, const char *keyword) {
    const Shapes condition = shapesOf(schemaIn(schema["if"], isNegated));
    return schema.contains(keyword) ? intersectionOf(condition, shapesOf(schemaIn(schema[keyword])))
                                    : condition;
  };
  if (!schema.contains("then") && !schema.contains("else")) {
    return everyType();
  }
  Shapes result = branch(false, "then");
  append(result, branch(true, "else"));
  return result;
}

/// The values without a property, and those with it that have what it needs: names, or a schema.
Shapes SchemaReader::readDependency(const std::string &name, const Json &needed) {
  Shapes result = everyType();
  Shape with = result.back();
  result.back().properties.push_back({languages_.text(name), schemaIn(falseSchema())});
  with.required.insert(name);
  if (needed.is_array()) {
    for (const std::string &each : namesOf(needed)) {
      with.required.insert(each);
    }
    result.push_back(with);
  } else {
    append(result, intersectionOf({with}, shapesOf(schemaIn(needed))));
  }
  return result;
}

/// Applies a schema to the items that no keyword has spoken of.
static void restrictUnevaluated(Shape &shape, const Node &node) {
  shape.prefix.resize(std::max<size_t>(shape.prefix.size(), shape.numEvaluated), shape.rest);
  for (size_t i = shape.numEvaluated; i < shape.prefix.size(); ++i) {
    shape.prefix[i] = joined(shape.prefix[i], node);
  }
  shape.rest = joined(shape.rest, node);
  shape.numEvaluated = Shape::kNoLimit;
}

/// Applies what the schema says of items and properties that no other keyword of it speaks of. Where another
/// alternative would speak of more of them, this allows fewer values. `contains` speaks of the items that
/// conform to it, since draft 2020-12: all others conform to it, or all to unevaluatedItems.
void SchemaReader::readUnevaluated(const Json &schema, Shapes &shapes) {
  const bool hasItems = isKeyword(schema, "unevaluatedItems"),
             hasProperties = isKeyword(schema, "unevaluatedProperties");
  isWhole_ &= !hasItems && !hasProperties;
  const bool speaksOfContained = isKeyword(schema, "contains") && document_.draft() >= Draft::draft2020;
  Shapes contained;
  for (Shape &shape : shapes) {
    if (hasItems && shape.type == ValueType::array && shape.numEvaluated != Shape::kNoLimit &&
        !shape.values) {
      if (speaksOfContained) {
        contained.push_back(shape);
        restrictUnevaluated(contained.back(), schemaIn(schema["contains"]));
      }
      restrictUnevaluated(shape, schemaIn(schema["unevaluatedItems"]));
    }
    if (hasProperties && shape.type == ValueType::object && !shape.values) {
      shape.properties.push_back(
          {languages_.complement(shape.evaluated), schemaIn(schema["unevaluatedProperties"])});
      shape.evaluated = Languages::kAnyText;
    }
  }
  append(shapes, contained);
  if ((hasItems || hasProperties) && std::any_of(shapes.begin(), shapes.end(), [&](const Shape &shape) {
        return shape.values && ((hasItems && shape.type == ValueType::array) ||
                                (hasProperties && shape.type == ValueType::object));
      })) {
    document_.unsupported(schema, hasItems ? "unevaluatedItems" : "unevaluatedProperties",
                          "not supported with enum and const of arrays or objects");
  }
  std::erase_if(shapes, [&](const Shape &shape) { return isEmpty(shape); });
}

std::optional<std::vector<Json>> SchemaReader::listOf(const Json &schema) {
  std::optional<std::vector<Json>> values;
  if (schema.contains("enum")) {
    const Json &list = schema["enum"];
    values.emplace(list.begin(), list.end());
  }
  if (isKeyword(schema, "const")) {
    const Json &value = schema["const"];
    const bool isListed = !values || std::any_of(values->begin(), values->end(),
                                                 [&](const Json &each) { return areEqual(each, value); });
    values = isListed ? std::vector<Json>{value} : std::vector<Json>();
  }
  return values;
}

Shapes SchemaReader::listed(const std::vector<Json> &values) const {
  Shapes shapes = everyType();
  for (Shape &shape : shapes) {
    shape.values.emplace();
  }
  for (const Json &value : values) {
    shapes[static_cast<size_t>(typeOf(value))].values->push_back(value);
  }
  std::erase_if(shapes, [](const Shape &shape) { return shape.values->empty(); });
  return shapes;
}

/// Returns a shape for each type that the schema allows, without further constraints.
Shapes SchemaReader::typesOf(const Json &schema) {
  if (!schema.contains("type")) {
    return everyType();
  }
  Shapes shapes;
  const auto add = [&](const Shape &shape) {
    const bool isKnown = std::any_of(shapes.begin(), shapes.end(), [&](const Shape &each) {
      return each.type == shape.type && !each.numbers.isInteger;
    });
    if (!isKnown) {
      std::erase_if(shapes, [&](const Shape &each) { return each.type == shape.type; });
      shapes.push_back(shape);
    }
  };
  const auto addNamed = [&](const Json &name) {
    constexpr std::pair<const char *, ValueType> kTypes[] = {
        {"null", ValueType::null},      {"boolean", ValueType::boolean}, {"number", ValueType::number},
        {"integer", ValueType::number}, {"string", ValueType::string},   {"array", ValueType::array},
        {"object", ValueType::object}};
    for (const auto &[text, type] : kTypes) {
      if (name == Json(text)) {
        Shape shape{.type = type};
        shape.numbers.isInteger = text == std::string_view("integer");
        return add(shape);
      }
    }
    document_.invalid(schema, "type",
                      "expected object, array, string, integer, number, boolean or null, got " +
                          textOf(name));
  };
  const Json &type = schema["type"];
  if (type.is_array()) {
    std::for_each(type.begin(), type.end(), addNamed);
  } else {
    addNamed(type);
  }
  if (schema.contains("nullable") && schema["nullable"] == Json(true) && options_.isOpenApi) {
    add({.type = ValueType::null});
  }
  return shapes;
}

} // namespace cria::grammar
