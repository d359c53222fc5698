// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/plugin/PluginOptions.h"

#include "runtime/plugin/PluginCall.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

namespace cria {

/// The Levenshtein distance.
static size_t distanceOf(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i + 1);
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = std::exchange(row[j + 1], std::min({row[j] + 1, row[j + 1] + 1, replaced}));
    }
  }
  return row.back();
}

static std::string joinNames(const std::vector<std::string> &names, std::string_view separator) {
  std::string result;
  for (const std::string &name : names) {
    result += (result.empty() ? "" : std::string(separator)) + "'" + name + "'";
  }
  return result;
}

std::string suggestNames(std::string_view name, const std::vector<std::string> &known) {
  constexpr size_t maxCompared = 64; // longer words are not misspelled names
  std::vector<std::string> near;
  for (const std::string &candidate : known) {
    const size_t allowed = (candidate.size() + 1) / 3;
    if (name.size() <= maxCompared && distanceOf(name, candidate) <= allowed) {
      near.push_back(candidate);
    }
  }
  if (!near.empty()) {
    return fmt::format("; did you mean {}?", joinNames(near, " or "));
  }
  return known.empty() ? "" : fmt::format("; expected one of {}", joinNames(known, ", "));
}

namespace {

/// The options of one plugin, to which values are matched.
struct Declared {
  std::vector<cria_option_info> options;
  std::vector<const PluginArgument *> given; // by option; null if it is not given
  std::string_view where;

  std::vector<std::string> names() const {
    std::vector<std::string> result;
    for (const cria_option_info &option : options) {
      result.emplace_back(view(option.name));
    }
    return result;
  }
};

/// The types of options; PluginTables.cpp accepts no other ones.
enum class OptionType : uint32_t {
  integer = CRIA_OPTION_INT,
  number = CRIA_OPTION_FLOAT,
  text = CRIA_OPTION_STRING,
  flag = CRIA_OPTION_FLAG,
};

} // namespace

std::string rangeOf(const cria_option_info &option) {
  switch (OptionType(option.type)) {
  case OptionType::integer:
    return fmt::format("an integer from {:.0f} to {:.0f}", option.minimum, option.maximum);
  case OptionType::number:
    return fmt::format("a number from {} to {}", option.minimum, option.maximum);
  case OptionType::flag:
    return "true or false";
  case OptionType::text:
    return "a string";
  }
  return fmt::format("no value, because options of type {} are unknown", option.type);
}

/// Returns the index of the option that an argument sets: by name, or the next one in order.
static StatusOr<size_t> targetOf(const Declared &declared, const PluginArgument &argument, size_t index,
                                 bool anyNamed) {
  if (argument.name.empty()) {
    if (anyNamed) {
      return invalidArgument("{}: expected a name for '{}', since it follows a named option", declared.where,
                             toString(argument.value));
    }
    if (index >= declared.options.size()) {
      return invalidArgument("{}: expected at most {} option{}, got another one: '{}'", declared.where,
                             declared.options.size(), declared.options.size() == 1 ? "" : "s",
                             toString(argument.value));
    }
    return index;
  }
  const std::vector<std::string> names = declared.names();
  const auto found = std::find(names.begin(), names.end(), argument.name);
  if (found == names.end()) {
    return error(StatusCode::notFound, "{} has no option '{}'{}", declared.where, argument.name,
                 suggestNames(argument.name, names));
  }
  return static_cast<size_t>(found - names.begin());
}

static Status match(Declared &declared, const std::vector<PluginArgument> &given, size_t *position) {
  bool anyNamed = false;
  for (size_t i = 0; i < given.size(); ++i) {
    if (position != nullptr) {
      *position = given[i].namePosition;
    }
    anyNamed |= !given[i].name.empty();
    CRIA_ASSIGN_OR_RETURN(const size_t target, targetOf(declared, given[i], i, anyNamed));
    if (declared.given[target] != nullptr) {
      return invalidArgument("{}: duplicate option '{}'", declared.where,
                             view(declared.options[target].name));
    }
    declared.given[target] = &given[i];
  }
  return {};
}

template <typename Number> static bool parseWhole(std::string_view text, Number &out) {
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), out);
  return failure == std::errc() && end == text.data() + text.size();
}

static bool isInRange(const cria_option_info &info, double number) {
  return number >= info.minimum && number <= info.maximum; // false for NaN
}

/// Set `out` from a value of one type. Return false if the option does not accept it.
static bool setValue(const cria_option_info &info, const std::string &text, cria_option &out) {
  switch (OptionType(info.type)) {
  case OptionType::integer:
    if (!parseWhole(text, out.integer)) {
      return false;
    }
    out.number = static_cast<double>(out.integer);
    return isInRange(info, out.number);
  case OptionType::number:
    return parseWhole(text, out.number) && isInRange(info, out.number);
  case OptionType::flag:
    out.integer = text == "true" || text == "1" ? 1 : 0;
    out.number = static_cast<double>(out.integer);
    return out.integer == 1 || text == "false" || text == "0";
  case OptionType::text:
    out.text = abiString(text);
    return true;
  }
  return false; // an unknown type
}

static bool setValue(const cria_option_info &info, int64_t integer, cria_option &out) {
  out.integer = info.type == CRIA_OPTION_FLOAT ? 0 : integer;
  out.number = static_cast<double>(integer);
  switch (OptionType(info.type)) {
  case OptionType::integer:
  case OptionType::number:
    return isInRange(info, out.number);
  case OptionType::flag:
    return integer == 0 || integer == 1;
  case OptionType::text:
    break;
  }
  return false;
}

static bool setValue(const cria_option_info &info, double number, cria_option &out) {
  out.number = number;
  return info.type == CRIA_OPTION_FLOAT && isInRange(info, number);
}

static bool setValue(const cria_option_info &info, bool flag, cria_option &out) {
  out.integer = flag ? 1 : 0;
  out.number = static_cast<double>(out.integer);
  return info.type == CRIA_OPTION_FLAG;
}

std::string toString(const OptionValue &value) {
  return std::visit([](const auto &each) { return fmt::format("{}", each); }, value);
}

static Status setDefault(const cria_option_info &info, std::string_view where, cria_option &out) {
  if (info.type == CRIA_OPTION_STRING) {
    out.text = info.default_text;
    return {};
  }
  if (std::isnan(info.default_number)) {
    return invalidArgument("{}: option '{}' is missing: expected {}", where, view(info.name), rangeOf(info));
  }
  out.number = info.default_number;
  out.integer = info.type == CRIA_OPTION_FLOAT ? 0 : static_cast<int64_t>(info.default_number);
  return {};
}

bool PluginOptions::set(const cria_option_info &info, const OptionValue &value, cria_option &out) {
  const OptionValue &kept = values_.emplace_back(value); // `out` may point to the text
  return std::visit([&](const auto &each) { return setValue(info, each, out); }, kept);
}

StatusOr<PluginOptions> PluginOptions::check(const cria_option_info *const *declaredOptions, uint32_t count,
                                             const std::vector<PluginArgument> &given, std::string_view where,
                                             size_t *position) {
  Declared declared{.options = {}, .given = {}, .where = where};
  for (uint32_t i = 0; i < count; ++i) {
    declared.options.push_back(readTable<cria_option_info>(declaredOptions[i]));
  }
  declared.given.resize(count);
  CRIA_RETURN_IF_ERROR(match(declared, given, position));
  PluginOptions result;
  for (uint32_t i = 0; i < count; ++i) {
    const cria_option_info &info = declared.options[i];
    const PluginArgument *argument = declared.given[i];
    cria_option &option = result.options_.emplace_back();
    option.struct_size = sizeof(option);
    option.type = info.type;
    option.name = info.name;
    if (argument == nullptr) {
      CRIA_RETURN_IF_ERROR(setDefault(info, where, option));
    } else if (!result.set(info, argument->value, option)) {
      if (position != nullptr) {
        *position = argument->position;
      }
      return invalidArgument("{}: option '{}': expected {}, got '{}'", where, view(info.name), rangeOf(info),
                             toString(argument->value));
    }
    result.pointers_.push_back(&option);
  }
  return result;
}

static std::string describeValue(const cria_option &option) {
  switch (OptionType(option.type)) {
  case OptionType::integer:
    return fmt::format("{}", option.integer);
  case OptionType::number:
    return fmt::format("{}", option.number);
  case OptionType::flag:
    return option.integer != 0 ? "true" : "false";
  case OptionType::text:
    return quoteText(view(option.text));
  }
  return "?"; // an unknown type
}

std::string defaultOf(const cria_option_info &option) {
  cria_option value{};
  value.type = option.type;
  return setDefault(option, "", value).ok() ? describeValue(value) : "";
}

std::string PluginOptions::describe() const {
  std::string result;
  for (const cria_option *option : pointers_) {
    result += fmt::format("{}{}={}", result.empty() ? "" : ", ", view(option->name), describeValue(*option));
  }
  return result;
}

} // namespace cria
