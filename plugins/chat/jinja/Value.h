// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Value: a value of the template language. Texts, lists and dicts are immutable and shared; only namespaces
// change, and the interpreter owns them.
#pragma once

#include "plugins/chat/jinja/Budget.h"
#include "plugins/chat/jinja/Text.h"

#include <map>
#include <memory>
#include <span>
#include <variant>

namespace cria::jinja {

class Value;
struct Macro;

/// The global functions.
enum class Global { range, makeNamespace, makeDict, raiseException, strftimeNow };

struct Undefined {
  std::shared_ptr<const std::string> why; // e.g. "'x' is undefined"
};
struct None {};

struct List {
  std::vector<Value> items;
  bool isTuple = false;
  uint32_t depth = 1; // levels of lists and dicts
};

using Entry = std::pair<Value, Value>;
struct Dict {
  std::vector<Entry> entries; // in insertion order
  bool isLoop = false;        // the variable `loop`
  uint32_t depth = 1;
};

struct Namespace {
  std::map<std::string, Value, std::less<>> members;
};

class Value {
public:
  using Data = std::variant<Undefined, None, bool, int64_t, double, std::shared_ptr<const Text>,
                            std::shared_ptr<const List>, std::shared_ptr<const Dict>, Namespace *,
                            const Macro *, Global>;

  Value() : data_(None()) {}
  template <typename T>
    requires(!std::is_same_v<T, Value> && std::is_constructible_v<Data, std::in_place_type_t<T>, T>)
  explicit Value(T data) : data_(std::in_place_type<T>, std::move(data)) {}
  static Value undefined(std::string why) {
    return Value(Undefined{std::make_shared<const std::string>(std::move(why))});
  }
  static Value integer(size_t value) { return Value(static_cast<int64_t>(value)); }

  template <typename T> bool is() const { return std::holds_alternative<T>(data_); }
  template <typename T> const T &get() const { return std::get<T>(data_); }

  /// Return the text, list or dict, or null if the value has another type.
  const Text *text() const { return shared<Text>(); }
  const List *list() const { return shared<List>(); }
  const Dict *dict() const { return shared<Dict>(); }
  /// Returns the value of an int or bool; nullopt for other types.
  std::optional<int64_t> integer() const;
  /// Returns the value of a float, int or bool; nullopt for other types.
  std::optional<double> number() const;

  /// Whether the value counts as true in a condition.
  bool isTrue() const;
  /// Python's name of the type, for error messages.
  std::string_view typeName() const;

private:
  template <typename T> const T *shared() const {
    const auto *pointer = std::get_if<std::shared_ptr<const T>>(&data_);
    return pointer == nullptr ? nullptr : pointer->get();
  }
  Data data_;
};

/// Create texts, lists and dicts, at the expense of the budget. Errors: Failure, also when nested too deeply.
Value makeText(Budget &budget, Text text);
Value makeText(Budget &budget, std::string_view ascii);
Value makeList(Budget &budget, std::vector<Value> items, bool isTuple = false);
Value makeDict(Budget &budget, std::vector<Entry> entries, bool isLoop = false);

/// Returns the value of a key, or null if there is none.
const Value *findKey(Budget &budget, const Dict &dict, const Value &key);
const Value *findKey(const Dict &dict, std::string_view key);
/// Adds or replaces an entry. Errors: Failure when `key` is not hashable.
void setKey(Budget &budget, std::vector<Entry> &entries, const Value &key, Value value);

/// Python's ==.
bool equal(Budget &budget, const Value &a, const Value &b);
/// Python's <. Errors: Failure for operands without an order.
bool less(Budget &budget, const Value &a, const Value &b);

/// Python's str: the text that a value prints as.
Text toText(Budget &budget, const Value &value);
/// Python's repr.
Text toRepr(Budget &budget, const Value &value);
/// Python's repr of a float.
std::string realToText(double value);
/// Returns the items of a list, the characters of a text or the keys of a dict; none for an undefined value.
/// Errors: Failure for other types.
std::vector<Value> toItems(Budget &budget, const Value &value);
/// Throws Failure with the reason if the value is undefined.
void refuseUndefined(const Value &value);

} // namespace cria::jinja
