// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Items, attributes and slices.
#include "plugins/chat/jinja/Operators.h"

#include <algorithm>

namespace cria::jinja {

int64_t lengthOf(const Value &value) {
  if (value.is<Undefined>()) {
    return 0;
  }
  const size_t length = value.text() != nullptr   ? value.text()->size()
                        : value.list() != nullptr ? value.list()->items.size()
                        : value.dict() != nullptr
                            ? value.dict()->entries.size()
                            : throw Failure("a " + std::string(value.typeName()) + " has no length");
  return static_cast<int64_t>(length);
}

constexpr size_t kMostShown = 80; // characters of a key in a message

static std::string keyName(Budget &budget, const Value &key) {
  return toUtf8(TextView(toRepr(budget, key)).substr(0, kMostShown));
}

static Value missing(const Value &value, const std::string &name) {
  return Value::undefined("a " + std::string(value.typeName()) + " has no " + name);
}

Value attributeOf(Budget &budget, const Value &value, std::string_view name) {
  refuseUndefined(value);
  const Value *found = nullptr;
  if (value.is<Namespace *>()) {
    const auto &members = value.get<Namespace *>()->members;
    const auto member = members.find(name);
    found = member == members.end() ? nullptr : &member->second;
  } else if (value.dict() != nullptr) {
    budget.step(value.dict()->entries.size() / 8);
    budget.characters(name.size() * value.dict()->entries.size());
    found = findKey(*value.dict(), name);
  }
  const Text text = textFromUtf8(name).value_or(Text());
  const std::string shown = toUtf8(TextView(text).substr(0, kMostShown));
  return found != nullptr ? *found : missing(value, "'" + shown + (shown.size() < name.size() ? "..'" : "'"));
}

Value itemOf(Budget &budget, const Value &value, const Value &key) {
  refuseUndefined(value);
  if (value.is<Namespace *>() && key.text() != nullptr) {
    budget.characters(key.text()->size());
    return attributeOf(budget, value, toUtf8(*key.text()));
  }
  if (const Dict *dict = value.dict()) {
    const Value *found = findKey(budget, *dict, key);
    return found != nullptr ? *found : missing(value, keyName(budget, key));
  }
  const bool isSequence = value.list() != nullptr || value.text() != nullptr;
  const std::optional<int64_t> index = key.integer();
  if (!isSequence || !index) {
    return missing(value, key.is<Undefined>() ? "item of that key" : keyName(budget, key));
  }
  const int64_t length = lengthOf(value);
  const int64_t place = *index < 0 ? *index + length : *index;
  if (place < 0 || place >= length) {
    return missing(value, "item " + std::to_string(*index));
  }
  const auto at = static_cast<size_t>(place);
  return value.list() != nullptr ? value.list()->items[at] : makeText(budget, Text(1, (*value.text())[at]));
}

static std::optional<int64_t> boundOf(const Value *value) {
  if (value == nullptr || value->is<None>()) {
    return std::nullopt;
  }
  const std::optional<int64_t> number = value->integer();
  return number ? number : throw Failure("a slice takes ints, found a " + std::string(value->typeName()));
}

// A bound counted from the end when negative, and within [lowest, highest].
static int64_t place(std::optional<int64_t> bound, int64_t absent, int64_t length, int64_t lowest,
                     int64_t highest) {
  const int64_t counted = !bound ? absent : *bound < 0 ? *bound + length : *bound;
  return std::clamp(counted, lowest, highest);
}

Value sliceOf(Budget &budget, const Value &value, const Value *from, const Value *to, const Value *step) {
  refuseUndefined(value);
  if (value.list() == nullptr && value.text() == nullptr) {
    throw Failure("a " + std::string(value.typeName()) + " has no slices");
  }
  const int64_t length = lengthOf(value);
  const int64_t stride = boundOf(step).value_or(1);
  if (stride == 0) {
    throw Failure("the step of a slice is zero");
  }
  const bool isForward = stride > 0;
  const int64_t lowest = isForward ? 0 : -1;
  const int64_t highest = isForward ? length : length - 1;
  const int64_t first = place(boundOf(from), isForward ? 0 : length - 1, length, lowest, highest);
  const int64_t last = place(boundOf(to), isForward ? length : -1, length, lowest, highest);
  std::vector<size_t> places;
  for (int64_t at = first; isForward ? at < last : at > last;) {
    places.push_back(static_cast<size_t>(at));
    if (__builtin_add_overflow(at, stride, &at)) {
      break;
    }
  }
  if (const Text *text = value.text()) {
    Text part;
    std::ranges::for_each(places, [&](size_t at) { part += (*text)[at]; });
    return makeText(budget, std::move(part));
  }
  std::vector<Value> items;
  std::ranges::for_each(places, [&](size_t at) { items.push_back(value.list()->items[at]); });
  return makeList(budget, std::move(items), value.list()->isTuple);
}

} // namespace cria::jinja
