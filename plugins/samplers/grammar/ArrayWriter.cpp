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
    if (const auto values = reader_.valuesOf(shape.rest, kMaxValues);
        values && values->size() < shape.minimum) {
      return "";
    }
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

/// Counts the items of an array that conform to the schemas of `contains`.
class SchemaWriter::ItemCounts {
public:
  explicit ItemCounts(const std::vector<Contained> &contained) : contained_(contained) {
    for (const Contained &each : contained_) {
      numStates_ = std::min(numStates_ * (lastOf(each) + 1), kMaxArrayStates + 1);
    }
  }
  uint64_t numStates() const { return numStates_; }
  /// Returns the counts of a state, the last of each standing for all that follow if it has no upper bound.
  std::vector<uint64_t> countsOf(uint64_t state) const {
    std::vector<uint64_t> counts;
    for (const Contained &each : contained_) {
      counts.push_back(state % (lastOf(each) + 1));
      state /= lastOf(each) + 1;
    }
    return counts;
  }
  bool isEnough(uint64_t state) const {
    const std::vector<uint64_t> counts = countsOf(state);
    return std::equal(counts.begin(), counts.end(), contained_.begin(),
                      [](uint64_t count, const Contained &each) { return count >= each.minimum; });
  }
  /// Returns the state after an item that conforms to the schemas whose bits are set in `set`, and adds what
  /// that demands of the item; nullopt if it cannot be, or need not be told from another set.
  std::optional<uint64_t> after(uint64_t state, uint64_t set, Node &item) const {
    const std::vector<uint64_t> counts = countsOf(state);
    uint64_t next = 0, weight = 1;
    for (size_t i = 0; i < contained_.size(); ++i) {
      const Contained &each = contained_[i];
      const bool isCounted = (set >> i & 1) != 0;
      if (isCounted && counts[i] == lastOf(each)) {
        return std::nullopt;
      }
      if (isCounted) {
        item = joined(item, each.node);
      } else if (each.maximum != Shape::kNoLimit) {
        item = joined(item, negated(each.node));
      }
      next += (counts[i] + (isCounted ? 1 : 0)) * weight;
      weight *= lastOf(each) + 1;
    }
    return next;
  }

private:
  static uint64_t lastOf(const Contained &each) {
    return std::min(each.maximum == Shape::kNoLimit ? each.minimum : each.maximum, kMaxArrayStates);
  }

  const std::vector<Contained> &contained_;
  uint64_t numStates_ = 1;
};

/// Items of which some conform to the schemas of `contains`: a rule for each position and number of them.
std::string SchemaWriter::countedOf(const Shape &shape, const Node &node) {
  constexpr size_t kMaxContained = 6;
  const ItemCounts counts(shape.contained);
  const uint64_t positions = shape.maximum == Shape::kNoLimit
                                 ? std::max<uint64_t>({shape.prefix.size(), shape.minimum, 1})
                                 : shape.maximum;
  if (positions > kMaxArrayStates || shape.contained.size() > kMaxContained ||
      (positions + 1) * counts.numStates() > kMaxArrayStates) {
    refuse(node, "contains",
           "is supported up to " + std::to_string(kMaxContained) + " times for an array, with at most " +
               std::to_string(kMaxArrayStates) + " combinations of the numbers of items");
  }
  const std::string name = "c" + std::to_string(count_++) + "-";
  const auto nameOf = [&](uint64_t at, uint64_t state) {
    return name + std::to_string(at) + "-" + std::to_string(state);
  };
  for (uint64_t at = 0; at <= positions; ++at) {
    for (uint64_t state = 0; state < counts.numStates(); ++state) {
      std::string choices = at >= shape.minimum && counts.isEnough(state) ? "\"\"" : "";
      for (uint64_t set = 0; set >> shape.contained.size() == 0 && at < shape.maximum; ++set) {
        Node item = shape.item(at);
        const std::optional<uint64_t> next = counts.after(state, set, item);
        if (next && !reader_.isEmpty(item)) {
          choices += (choices.empty() ? "" : " | ") + std::string(at == 0 ? "" : "\",\" ws ") +
                     itemOf(shape, item) + " " + nameOf(std::min(at + 1, positions), *next);
        }
      }
      add(choices.empty() ? nameOf(at, state) : choices, nameOf(at, state));
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
