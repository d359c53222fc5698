// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/chat/jinja/Filters.h"

#include "plugins/chat/jinja/Json.h"
#include "plugins/chat/jinja/Operators.h"

#include <charconv>
#include <cmath>

namespace cria::jinja {

template <Text (*change)(TextView)>
static Value changed(Budget &budget, const Value &subject, const CallArguments &arguments) {
  if (!arguments.positional.empty() || !arguments.named.empty()) {
    throw Failure("the filter takes no arguments");
  }
  return makeText(budget, change(toText(budget, subject)));
}

static Value trim(Budget &budget, const Value &subject, const CallArguments &arguments) {
  const auto given = arguments.bind("trim", {"chars"});
  const Text text = toText(budget, subject);
  const std::optional<TextView> characters = textOf(given[0], "trim");
  budget.characters(characters ? text.size() * characters->size() : 0);
  return makeText(budget, Text(stripText(text, characters)));
}

static Value replace(Budget &budget, const Value &subject, const CallArguments &arguments) {
  const auto given = arguments.bind("replace", {"old", "new", "count"});
  const Text text = toText(budget, subject);
  const TextView from = requiredText(given[0], "replace");
  const TextView to = requiredText(given[1], "replace");
  budget.characters(text.size() * (1 + to.size())); // the replacement can occur for every character
  const bool isLimited = given[2] != nullptr && !given[2]->is<None>();
  return makeText(budget, replaceText(text, from, to, isLimited ? integerOf(given[2], -1, "replace") : -1));
}

static Value string(Budget &budget, const Value &subject, const CallArguments &arguments) {
  arguments.bind("string", {});
  return makeText(budget, toText(budget, subject));
}

static Text indentWidth(const Value *width) {
  constexpr int64_t kUsual = 4;
  constexpr int64_t kWidest = 256;
  if (width != nullptr && width->text() != nullptr) {
    return *width->text();
  }
  return Text(static_cast<size_t>(std::clamp<int64_t>(integerOf(width, kUsual, "indent"), 0, kWidest)), U' ');
}

static Value indent(Budget &budget, const Value &subject, const CallArguments &arguments) {
  const auto given = arguments.bind("indent", {"width", "first", "blank"});
  const Text width = indentWidth(given[0]);
  const bool indentsFirst = given[1] != nullptr && given[1]->isTrue();
  const bool indentsBlank = given[2] != nullptr && given[2]->isTrue();
  const std::vector<Text> lines = splitText(requiredText(&subject, "indent"), TextView(U"\n"), -1);
  Text result;
  for (size_t i = 0; i < lines.size(); ++i) {
    budget.characters(width.size());
    const bool isIndented = i == 0 ? indentsFirst : indentsBlank || !lines[i].empty();
    result += (i == 0 ? U"" : U"\n") + (isIndented ? width : Text()) + lines[i];
  }
  return makeText(budget, std::move(result));
}

static Value defaultTo(Budget &budget, const Value &subject, const CallArguments &arguments) {
  const auto given = arguments.bind("default", {"default_value", "boolean"});
  const bool takesFalse = given[1] != nullptr && given[1]->isTrue();
  const bool isMissing = subject.is<Undefined>() || (takesFalse && !subject.isTrue());
  return !isMissing ? subject : given[0] != nullptr ? *given[0] : makeText(budget, "");
}

static Value length(Budget &, const Value &subject, const CallArguments &arguments) {
  arguments.bind("length", {});
  return Value(lengthOf(subject));
}

static Value absolute(Budget &, const Value &subject, const CallArguments &arguments) {
  arguments.bind("abs", {});
  refuseUndefined(subject);
  const std::optional<double> number = subject.number();
  if (!number) {
    throw Failure("'abs' expected a number, got " + std::string(subject.typeName()));
  }
  return *number < 0 ? negated(subject) : subject.integer() ? Value(*subject.integer()) : subject;
}

/// The number that the whole text spells, apart from whitespace at its ends.
template <typename Number> static std::optional<Number> numberIn(Budget &budget, const Text &text) {
  budget.characters(text.size());
  const std::string bytes = toUtf8(stripText(text, std::nullopt));
  const char *begin = bytes.data() + (bytes.starts_with('+') ? 1 : 0);
  const char *end = bytes.data() + bytes.size();
  Number number{};
  const std::from_chars_result read = std::from_chars(begin, end, number);
  return read.ec == std::errc() && read.ptr == end ? std::optional(number) : std::nullopt;
}

static std::optional<int64_t> truncated(double value) {
  constexpr double kLimit = 9.2e18;
  return std::abs(value) < kLimit ? std::optional(static_cast<int64_t>(value)) : std::nullopt;
}

static Value toInteger(Budget &budget, const Value &subject, const CallArguments &arguments) {
  const auto given = arguments.bind("int", {"default"});
  refuseUndefined(subject);
  const Value otherwise = given[0] != nullptr ? *given[0] : Value(int64_t{0});
  if (subject.integer()) {
    return Value(*subject.integer());
  }
  if (subject.text() != nullptr) {
    if (const auto whole = numberIn<int64_t>(budget, *subject.text())) {
      return Value(*whole);
    }
  }
  const auto real = subject.text() != nullptr ? numberIn<double>(budget, *subject.text()) : subject.number();
  const auto whole = real ? truncated(*real) : std::nullopt;
  return whole ? Value(*whole) : otherwise;
}

static Value toReal(Budget &budget, const Value &subject, const CallArguments &arguments) {
  const auto given = arguments.bind("float", {"default"});
  refuseUndefined(subject);
  const auto real = subject.text() != nullptr ? numberIn<double>(budget, *subject.text()) : subject.number();
  return real ? Value(*real) : given[0] != nullptr ? *given[0] : Value(0.0);
}

static Value round(Budget &budget, const Value &subject, const CallArguments &arguments) {
  const auto given = arguments.bind("round", {"precision", "method"});
  const int64_t precision = integerOf(given[0], 0, "round");
  const TextView wanted = given[1] == nullptr ? TextView(U"common") : requiredText(given[1], "round");
  budget.characters(wanted.size());
  const std::string method = toUtf8(wanted);
  refuseUndefined(subject);
  const std::optional<double> number = subject.number();
  constexpr int64_t kMaxDigits = 15;
  if (!number || std::abs(precision) > kMaxDigits) {
    throw Failure("'round' expected a number and a precision of at most " + std::to_string(kMaxDigits) +
                  " digits");
  }
  if (subject.integer() && precision >= 0 && method == "common") { // Python keeps an int
    return Value(*subject.integer());
  }
  const double scale = std::pow(10.0, static_cast<double>(precision));
  const double scaled = *number * scale;
  const double rounded = method == "ceil"    ? std::ceil(scaled)
                         : method == "floor" ? std::floor(scaled)
                                             : std::nearbyint(scaled);
  if (subject.integer() && method == "common") {
    const auto whole = truncated(rounded / scale);
    return whole ? Value(*whole) : throw Failure("number out of range: integers have 64 bits");
  }
  return Value(rounded / scale);
}

static Value tojson(Budget &budget, const Value &subject, const CallArguments &arguments) {
  const auto given = arguments.bind("tojson", {"ensure_ascii", "indent", "separators", "sort_keys"});
  if ((given[0] != nullptr && given[0]->isTrue()) || (given[2] != nullptr && !given[2]->is<None>())) {
    throw Failure("'tojson' supports only the arguments 'indent' and 'sort_keys'");
  }
  const bool isIndented = given[1] != nullptr && !given[1]->is<None>();
  const int64_t indent = isIndented ? integerOf(given[1], 0, "tojson") : -1;
  return makeText(budget, toJson(budget, subject, indent, given[3] != nullptr && given[3]->isTrue()));
}

std::span<const Filter> valueFilters() {
  static constexpr Filter kFilters[] = {
      {"abs", absolute},
      {"capitalize", changed<capitalize>},
      {"count", length},
      {"d", defaultTo},
      {"default", defaultTo},
      {"float", toReal},
      {"indent", indent},
      {"int", toInteger},
      {"length", length},
      {"lower", changed<toLower>},
      {"replace", replace},
      {"round", round},
      {"safe", string},
      {"string", string},
      {"title", changed<titleOfFilter>},
      {"tojson", tojson},
      {"trim", trim},
      {"upper", changed<toUpper>},
  };
  return kFilters;
}

static const Filter *findFilter(std::string_view name) {
  for (const auto filters : {valueFilters(), sequenceFilters()}) {
    const auto found = std::ranges::find(filters, name, &Filter::name);
    if (found != filters.end()) {
      return &*found;
    }
  }
  return nullptr;
}

bool isFilter(std::string_view name) { return findFilter(name) != nullptr; }

Value applyFilter(Budget &budget, std::string_view name, const Value &subject,
                  const CallArguments &arguments) {
  const Filter *filter = findFilter(name);
  return filter != nullptr ? filter->apply(budget, subject, arguments)
                           : throw Failure("no filter named '" + std::string(name) + "'");
}

} // namespace cria::jinja
