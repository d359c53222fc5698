// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Writes arrays of a JSON Schema.
#include "plugins/samplers/grammar/SchemaWriter.h"

#include <algorithm>
#include <functional>

namespace cria::grammar {

static constexpr uint64_t kMaxArrayStates = 20000; // of an array whose items are counted one by one

std::string SchemaWriter::arrayOf(const Shape &given, const Node &node) {
  Shape shape = given;
  for (size_t i = 0; i <= shape.prefix.size() && i < shape.maximum; ++i) {
    if (reader_.isEmpty(shape.item(i))) {
      shape.maximum = i; // no item can be there
    }
  }
  shape.isUnique = shape.isUnique && shape.maximum > 1;
  if (shape.isUnique && shape.prefix.empty()) {
    constexpr size_t kMaxValues = 256;
    const auto values = reader_.valuesOf(shape.rest, kMaxValues);
    shape.maximum = values ? std::min<uint64_t>(shape.maximum, values->size()) : shape.maximum;
  }
  if (shape.minimum > shape.maximum) {
    return "";
  }
  if (shape.maximum == 0) {
    return R"("[" ws "]")";
  }
  const std::optional<std::string> listed =
      shape.isUnique && shape.contained.empty() ? distinctOf(shape) : std::nullopt;
  const std::string items = listed                     ? *listed
                            : !shape.contained.empty() ? countedOf(shape, node)
                            : shape.prefix.empty()     ? listOf(shape)
                                                       : tupleOf(shape);
  return items.empty() ? "" : "\"[\" ws " + items + " \"]\"";
}

/// An item and what follows it up to a comma. Those of an array with uniqueItems differ: the matcher compares
/// them.
std::string SchemaWriter::itemOf(const Shape &shape, const Node &node) {
  return ruleOf(node) + (shape.isUnique ? " %distinct ws" : " ws");
}

std::string SchemaWriter::listOf(const Shape &shape) {
  const std::string item = itemOf(shape, shape.rest);
  const std::string all = item + " (\",\" ws " + item + ")" +
                          timesOf(shape.minimum == 0 ? 0 : shape.minimum - 1,
                                  shape.maximum == Shape::kNoLimit ? Shape::kNoLimit : shape.maximum - 1);
  return shape.minimum == 0 ? "(" + all + ")?" : all;
}

/// Items of their own, from the last to the first, each followed by the next.
std::string SchemaWriter::tupleOf(const Shape &shape) {
  const uint64_t size = std::min<uint64_t>(shape.prefix.size(), shape.maximum);
  std::string tail;
  if (shape.maximum > size) {
    tail = "(\",\" ws " + itemOf(shape, shape.rest) + ")" +
           timesOf(shape.minimum > size ? shape.minimum - size : 0,
                   shape.maximum == Shape::kNoLimit ? Shape::kNoLimit : shape.maximum - size);
  }
  for (uint64_t i = size; i-- > 0;) {
    const std::string item = (i == 0 ? "" : "\",\" ws ") + itemOf(shape, shape.item(i)) + " " + tail;
    tail = add(i < shape.minimum ? item : item + " | \"\"");
  }
  return tail;
}

/// Items of which some conform to the schema of `contains`: a rule for each position and number of them.
std::string SchemaWriter::countedOf(const Shape &shape, const Node &node) {
  if (shape.contained.size() > 1) {
    refuse(node, "contains", "is supported once for an array");
  }
  const Contained &contained = shape.contained.front();
  const bool isExact = contained.maximum != Shape::kNoLimit;
  const uint64_t positions = shape.maximum == Shape::kNoLimit
                                 ? std::max<uint64_t>({shape.prefix.size(), shape.minimum, 1})
                                 : shape.maximum;
  const uint64_t counts = isExact ? contained.maximum : contained.minimum;
  if (positions > kMaxArrayStates || counts > kMaxArrayStates ||
      (positions + 1) * (counts + 1) > kMaxArrayStates) {
    refuse(node, "contains",
           "is supported with at most " + std::to_string(kMaxArrayStates) +
               " combinations of the numbers of items");
  }
  const Node others = negated(contained.node);
  const std::string name = "c" + std::to_string(count_++) + "-";
  const auto nameOf = [&](uint64_t at, uint64_t count) {
    return name + std::to_string(at) + "-" + std::to_string(count);
  };
  for (uint64_t at = 0; at <= positions; ++at) {
    for (uint64_t count = 0; count <= counts; ++count) {
      std::string choices = at >= shape.minimum && count >= contained.minimum ? "\"\"" : "";
      const auto addItem = [&](const Node &item, uint64_t newCount) {
        choices += (choices.empty() ? "" : " | ") + std::string(at == 0 ? "" : "\",\" ws ") +
                   itemOf(shape, item) + " " + nameOf(std::min(at + 1, positions), newCount);
      };
      if (at < shape.maximum) {
        const Node &item = shape.item(at);
        if (count < counts || !isExact) {
          addItem(joined(item, contained.node), std::min(count + 1, counts));
        }
        addItem(isExact ? joined(item, others) : item, count);
      }
      add(choices.empty() ? nameOf(at, count) : choices, nameOf(at, count));
    }
  }
  return nameOf(0, 0);
}

/// Items that all differ, of few values which the schema lists or bounds; nullopt if they are none, or their
/// combinations too many.
std::optional<std::string> SchemaWriter::distinctOf(const Shape &shape) {
  constexpr size_t kMaxValues = 10, kMaxStates = 4096;
  std::vector<Json> values;
  std::vector<std::vector<bool>> allowed; // by position, up to the first that has no schema of its own
  for (size_t i = 0; i <= shape.prefix.size(); ++i) {
    const auto listed = reader_.valuesOf(shape.item(i), kMaxValues);
    if (!listed && i < shape.maximum) {
      return std::nullopt;
    }
    allowed.emplace_back(values.size(), false);
    for (const Json &value : listed.value_or(std::vector<Json>())) {
      const size_t index =
          static_cast<size_t>(std::find_if(values.begin(), values.end(),
                                           [&](const Json &each) { return areEqual(each, value); }) -
                              values.begin());
      if (index == values.size()) {
        values.push_back(value);
      }
      allowed.back().resize(values.size(), false);
      allowed.back()[index] = true;
    }
  }
  if (values.size() > kMaxValues) {
    return std::nullopt;
  }
  std::vector<std::string> items;
  for (const Json &value : values) {
    items.push_back(add(valueOf(value) + " ws"));
  }
  std::map<std::pair<uint64_t, uint64_t>, std::string> names; // by the number of items so far, and which
  const std::function<std::string(uint64_t, uint64_t)> rest = [&](uint64_t at,
                                                                  uint64_t taken) -> std::string {
    const auto [found, isNew] = names.emplace(std::pair(at, taken), "");
    if (!isNew || names.size() > kMaxStates) {
      return found->second;
    }
    std::string choices;
    const std::vector<bool> &here = allowed[std::min<size_t>(at, allowed.size() - 1)];
    for (size_t i = 0; i < values.size() && at < shape.maximum; ++i) {
      if (i < here.size() && here[i] && (taken >> i & 1) == 0) {
        const std::string next = rest(at + 1, taken | uint64_t{1} << i);
        choices += next.empty() ? ""
                                : (choices.empty() ? "" : " | ") + std::string(at == 0 ? "" : "\",\" ws ") +
                                      items[i] + " " + next;
      }
    }
    if (at >= shape.minimum) {
      choices += choices.empty() ? "\"\"" : " | \"\"";
    }
    return names[{at, taken}] = choices.empty() ? "" : add(choices);
  };
  const std::string list = rest(0, 0);
  return names.size() > kMaxStates ? std::nullopt : std::optional(list);
}

} // namespace cria::grammar
