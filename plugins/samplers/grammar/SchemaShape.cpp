// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Intersections of shapes, and which values belong to them.
#include "plugins/samplers/grammar/SchemaReader.h"

#include <algorithm>
#include <utility>

namespace cria::grammar {

ValueType typeOf(const Json &value) {
  return value.is_null()      ? ValueType::null
         : value.is_boolean() ? ValueType::boolean
         : isNumber(value)    ? ValueType::number
         : value.is_string()  ? ValueType::string
         : value.is_array()   ? ValueType::array
                              : ValueType::object;
}

Node joined(const Node &a, const Node &b) {
  Node result;
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(result));
  return result;
}

Node negated(Node node) {
  for (Atom &atom : node) {
    atom.isNegated = !atom.isNegated;
  }
  return node;
}

std::optional<Shape> SchemaReader::intersectionOf(const Shape &a, const Shape &b) {
  if (a.type != b.type) {
    return std::nullopt;
  }
  work_ += 1 + a.properties.size() + b.properties.size();
  if (work_ > kMaxWork) {
    throw plugin::Refusal(
        CRIA_STATUS_UNSUPPORTED,
        "JSON Schema: the alternatives of anyOf, oneOf, if and not have too many properties to "
        "combine them; simplify them, or use anyOf where oneOf is not needed");
  }
  Shape result = a;
  if (a.values || b.values) {
    const Shape &other = a.values ? b : a;
    result.values = a.values ? a.values : b.values;
    std::erase_if(*result.values, [&](const Json &value) { return !conforms(value, other); });
  }
  result.numbers.restrictTo(b.numbers);
  result.text = languages_.both({a.text, b.text});
  result.prefix.clear();
  for (size_t i = 0; i < std::max(a.prefix.size(), b.prefix.size()); ++i) {
    result.prefix.push_back(joined(a.item(i), b.item(i)));
  }
  result.rest = joined(a.rest, b.rest);
  result.contained.insert(result.contained.end(), b.contained.begin(), b.contained.end());
  result.isUnique |= b.isUnique;
  result.numEvaluated = std::max(a.numEvaluated, b.numEvaluated);
  std::copy_if(b.properties.begin(), b.properties.end(), std::back_inserter(result.properties),
               [&](const NamedNode &each) {
                 return std::find(a.properties.begin(), a.properties.end(), each) == a.properties.end();
               });
  std::copy_if(b.witnesses.begin(), b.witnesses.end(), std::back_inserter(result.witnesses),
               [&](const NamedNode &each) {
                 return std::find(a.witnesses.begin(), a.witnesses.end(), each) == a.witnesses.end();
               });
  appendNames(result.order, b.order);
  appendNames(result.requiredOrder, b.requiredOrder);
  result.required.insert(b.required.begin(), b.required.end());
  result.evaluated = languages_.choice({a.evaluated, b.evaluated});
  result.minimum = std::max(a.minimum, b.minimum);
  result.maximum = std::min(a.maximum, b.maximum);
  return result;
}

Shapes SchemaReader::intersectionOf(const Shapes &a, const Shapes &b, size_t most) {
  Shapes result;
  for (const Shape &left : a) {
    for (const Shape &right : b) {
      std::optional<Shape> both = intersectionOf(left, right);
      if (both && !isEmpty(*both) && std::find(result.begin(), result.end(), *both) == result.end()) {
        result.push_back(std::move(*both));
      }
    }
    if (result.size() > most && most < kMaxShapes) {
      result.resize(most);
      return result;
    }
    if (result.size() > kMaxShapes) {
      throw plugin::Refusal(CRIA_STATUS_UNSUPPORTED, "JSON Schema: alternatives have more than " +
                                                         std::to_string(kMaxShapes) +
                                                         " combinations; simplify anyOf, oneOf, if and not");
    }
  }
  return result;
}

bool SchemaReader::isEmpty(const Node &node) {
  constexpr size_t kDeepest = 8;
  if (node.empty()) {
    return false;
  }
  if (const auto known = empties_.find(node); known != empties_.end()) {
    isWhole_ &= !partial_.contains(node);
    return known->second;
  }
  if (examined_.size() == kDeepest || !examined_.insert(node).second) {
    return false; // not examined further
  }
  const bool wasWhole = std::exchange(isWhole_, true);
  std::set<Node> open; // a property may have a schema that is being read
  std::swap(open, open_);
  const Shapes &shapes = shapesOf(node);
  const bool isEmpty =
      std::all_of(shapes.begin(), shapes.end(), [&](const Shape &shape) { return this->isEmpty(shape); });
  std::swap(open, open_);
  examined_.erase(node);
  endOf(node, wasWhole);
  return empties_[node] = isEmpty;
}

bool SchemaReader::isEmpty(const Shape &shape) {
  if (shape.values) {
    return shape.values->empty();
  }
  switch (shape.type) {
  case ValueType::null:
  case ValueType::boolean:
    return false;
  case ValueType::number:
    return shape.numbers.isEmpty();
  case ValueType::string:
    return languages_.isEmpty(shape.text);
  case ValueType::array:
    if (shape.minimum > shape.maximum) {
      return true;
    }
    for (size_t i = 0; i < std::min<uint64_t>(shape.prefix.size() + 1, shape.minimum); ++i) {
      if (isEmpty(shape.item(i))) {
        return true;
      }
    }
    return std::any_of(shape.contained.begin(), shape.contained.end(), [&](const Contained &each) {
      return each.minimum > std::min(each.maximum, shape.maximum) ||
             (each.minimum > 0 && shape.prefix.empty() && isEmpty(joined(shape.rest, each.node)));
    });
  case ValueType::object:
    return shape.minimum > shape.maximum || shape.required.size() > shape.maximum ||
           std::any_of(shape.required.begin(), shape.required.end(),
                       [&](const std::string &name) { return isEmpty(nodeOfProperty(shape, name)); }) ||
           std::any_of(shape.witnesses.begin(), shape.witnesses.end(),
                       [&](const NamedNode &each) { return !mayHave(shape, each); }) ||
           hasTooFewNames(shape);
  }
  return false;
}

bool SchemaReader::conforms(const Json &value, const Node &node) {
  const Shapes &shapes = shapesOf(node);
  return std::any_of(shapes.begin(), shapes.end(),
                     [&](const Shape &shape) { return conforms(value, shape); });
}

bool SchemaReader::conforms(const Json &value, const Shape &shape) {
  if (typeOf(value) != shape.type) {
    return false;
  }
  if (shape.values && std::none_of(shape.values->begin(), shape.values->end(),
                                   [&](const Json &each) { return areEqual(each, value); })) {
    return false;
  }
  if (shape.type == ValueType::number) {
    const std::optional<Decimal> number = decimalOf(value);
    if (shape.numbers.isInteger && document_.draft() == Draft::draft4 &&
        numberTextOf(value).find_first_of(".eE") != std::string::npos) {
      return false; // 1.0 is an integer since draft 6
    }
    isWhole_ &=
        number && !shape.numbers.isUncertainOf(*number); // another reader of numbers may decide otherwise
    return number ? shape.numbers.contains(*number) : shape.numbers == NumberSet();
  }
  if (shape.type == ValueType::string) {
    return languages_.contains(shape.text, value.get_ref<const std::string &>());
  }
  if (!value.is_structured()) {
    return true;
  }
  if (value.size() < shape.minimum || value.size() > shape.maximum) {
    return false;
  }
  if (value.is_object()) {
    return std::all_of(shape.required.begin(), shape.required.end(),
                       [&](const std::string &name) { return value.contains(name); }) &&
           std::all_of(
               value.items().begin(), value.items().end(),
               [&](const auto &item) { return conforms(item.value(), nodeOfProperty(shape, item.key())); }) &&
           std::all_of(shape.witnesses.begin(), shape.witnesses.end(), [&](const NamedNode &each) {
             return std::any_of(value.items().begin(), value.items().end(), [&](const auto &item) {
               return languages_.contains(each.names, item.key()) && conforms(item.value(), each.node);
             });
           });
  }
  for (size_t i = 0; i < value.size(); ++i) {
    const auto isEqual = [&](const Json &each) { return areEqual(each, value[i]); };
    if (!conforms(value[i], shape.item(i)) ||
        (shape.isUnique &&
         std::any_of(value.begin(), value.begin() + static_cast<std::ptrdiff_t>(i), isEqual))) {
      return false;
    }
  }
  return std::all_of(shape.contained.begin(), shape.contained.end(), [&](const Contained &each) {
    const auto count = [&](const Node &node) {
      return static_cast<uint64_t>(
          std::count_if(value.begin(), value.end(), [&](const Json &item) { return conforms(item, node); }));
    };
    return count(each.node) >= each.minimum &&
           (each.maximum >= value.size() || value.size() - count(negated(each.node)) <= each.maximum);
  });
}

std::optional<std::vector<Json>> SchemaReader::valuesOf(const Node &node, size_t maximum) {
  std::vector<Json> values;
  const auto add = [&](const Json &value) {
    if (std::none_of(values.begin(), values.end(), [&](const Json &each) { return areEqual(each, value); })) {
      values.push_back(value);
    }
  };
  for (const Shape &shape : node.empty() ? Shapes{Shape{.type = ValueType::object}} : shapesOf(node)) {
    std::vector<Json> found;
    if (shape.values) {
      found = *shape.values;
    } else if (shape.type == ValueType::null) {
      found = {nullptr};
    } else if (shape.type == ValueType::boolean) {
      found = {false, true};
    } else if (shape.type == ValueType::string) {
      const std::optional<std::vector<std::string>> texts = languages_.textsOf(shape.text, maximum);
      if (!texts) {
        return std::nullopt;
      }
      found.assign(texts->begin(), texts->end());
    } else if (shape.type == ValueType::number && shape.numbers.isInteger && shape.numbers.low &&
               shape.numbers.high) {
      const std::optional<std::vector<std::string>> texts =
          languages_.textsOf(languageOf(languages_, shape.numbers), maximum);
      if (!texts) {
        return std::nullopt;
      }
      for (const std::string &text : *texts) {
        int numMembers = 0; // a number has none
        found.push_back(parseSchemaText(text, "JSON Schema", numMembers));
      }
    } else {
      return std::nullopt;
    }
    std::for_each(found.begin(), found.end(), add);
    if (values.size() > maximum) {
      return std::nullopt;
    }
  }
  return values;
}

} // namespace cria::grammar
