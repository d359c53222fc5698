// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The JSON parser reports errors by exceptions, which are caught in this file.
#include "support/Json.h"

#include "support/File.h"
#include "support/Utf8.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_set>

namespace cria {

namespace {
constexpr int kMaxDepth = 64;
constexpr size_t kMaxShown = 120;

struct Refused {
  std::string reason;
};

/// A string of a text that stands for a number which JSON does not have.
struct Literal {
  size_t index; // among all strings of the text
  double value;
};

/// Handles the events of the parser and throws Refused for a duplicate name or deep nesting. Puts the numbers
/// of `literals` in place of their strings.
class StrictObserver {
public:
  explicit StrictObserver(std::vector<Literal> literals = {}) : literals_(std::move(literals)) {}

  bool operator()(int depth, Json::parse_event_t event, Json &parsed) {
    if (event == Json::parse_event_t::object_start) {
      names_.emplace_back();
    }
    if (depth > kMaxDepth) {
      throw Refused{fmt::format("nesting is deeper than {} levels", kMaxDepth)};
    }
    if (event == Json::parse_event_t::key && !names_.back().insert(parsed.get<std::string>()).second) {
      throw Refused{fmt::format("duplicate name '{}'", printable(parsed.get_ref<const std::string &>()))};
    }
    if (event == Json::parse_event_t::object_end) {
      names_.pop_back();
    }
    if (event == Json::parse_event_t::key || (event == Json::parse_event_t::value && parsed.is_string())) {
      takeString(event, parsed);
    }
    return true;
  }

private:
  void takeString(Json::parse_event_t event, Json &parsed) {
    if (nextLiteral_ < literals_.size() && literals_[nextLiteral_].index == numStrings_) {
      parsed = literals_[nextLiteral_++].value;
      if (event == Json::parse_event_t::key) {
        throw Refused{fmt::format("not valid JSON: expected a name, got {}", describeJson(parsed))};
      }
    }
    ++numStrings_;
  }

  std::vector<std::unordered_set<std::string>> names_;
  std::vector<Literal> literals_;
  size_t nextLiteral_ = 0, numStrings_ = 0;
};

/// The number that stands at the start of `text`, as Python's json writes it, and its name.
std::optional<std::pair<std::string_view, double>> literalAt(std::string_view text) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (const auto &literal : {std::pair<std::string_view, double>("NaN", std::nan("")),
                              {"Infinity", kInfinity},
                              {"-Infinity", -kInfinity}}) {
    if (text.starts_with(literal.first)) {
      return literal;
    }
  }
  return std::nullopt;
}

/// The end of the string that starts at `start` with a quotation mark.
size_t endOfString(std::string_view text, size_t start) {
  size_t end = start + 1;
  while (end < text.size() && text[end] != '"') {
    end += text[end] == '\\' ? 2 : 1;
  }
  return std::min(end + 1, text.size());
}

/// Returns the text with strings in place of the numbers that JSON does not have.
std::string withoutLiterals(std::string_view text, std::vector<Literal> &literals) {
  std::string result;
  size_t numStrings = 0;
  for (size_t at = 0, end = 0; at < text.size(); at = end) {
    const auto literal = literalAt(text.substr(at));
    end = text[at] == '"' ? endOfString(text, at) : at + (literal ? literal->first.size() : 1);
    if (literal) {
      literals.push_back({.index = numStrings, .value = literal->second});
      result += "\"\"";
    } else {
      result += text.substr(at, end - at);
    }
    numStrings += literal || text[at] == '"' ? 1 : 0;
  }
  return result;
}

/// Returns the message of the parser without its prefix "[json.exception...]".
std::string_view messageOf(const std::exception &exception) {
  std::string_view message = exception.what();
  size_t end = message.find("] ");
  return message.starts_with('[') && end != message.npos ? message.substr(end + 2) : message;
}
} // namespace

std::string printable(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    if (result.size() >= kMaxShown) {
      return result + "...";
    }
    size_t length = size_t(std::max(utf8::measure(text), 0)); // 0: no valid character
    if (length == 0 || uint8_t(text[0]) < 0x20 || text[0] == 0x7F) {
      result += fmt::format("\\x{:02x}", uint8_t(text[0]));
      length = 1;
    } else {
      result += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  return result;
}

static StatusOr<Json> parseWith(StrictObserver observer, std::string_view text, std::string_view where) {
  try {
    return Json::parse(text.begin(), text.end(), std::move(observer));
  } catch (const Refused &refused) {
    return invalidArgument("{}: {}", where, refused.reason);
  } catch (const Json::exception &exception) {
    return invalidArgument("{}: not valid JSON: {}", where, printable(messageOf(exception)));
  } catch (const std::bad_alloc &) {
    return error(StatusCode::outOfMemory, "{}: out of memory while parsing", where);
  }
}

StatusOr<Json> parseJson(std::string_view text, std::string_view where) {
  return parseWith(StrictObserver(), text, where);
}

StatusOr<Json> parsePythonJson(std::string_view text, std::string_view where) {
  if (text.find("NaN") == text.npos && text.find("Infinity") == text.npos) {
    return parseJson(text, where);
  }
  std::vector<Literal> literals;
  const std::string strict = withoutLiterals(text, literals);
  return parseWith(StrictObserver(std::move(literals)), strict, where);
}

OrderedJson parseInOrder(std::string_view text) {
  std::vector<Literal> literals;
  OrderedJson json = OrderedJson::parse(withoutLiterals(text, literals), nullptr, false);
  return json.is_discarded() ? OrderedJson() : json;
}

StatusOr<Json> readJsonFile(const std::string &path, uint64_t maxBytes) {
  CRIA_ASSIGN_OR_RETURN(std::string text, readFile(path, maxBytes));
  return parseJson(text, path);
}

std::string printJson(const nlohmann::ordered_json &value) {
  return value.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string describeJson(const Json &value) {
  if (value.is_object()) {
    return "an object";
  }
  if (value.is_array()) {
    return fmt::format("an array of {}", value.size());
  }
  if (value.is_number_float() && !std::isfinite(value.get<double>())) { // dump() writes null
    return std::isnan(value.get<double>()) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
  }
  return printable(value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

StatusOr<JsonObject> JsonObject::of(const Json &value, std::string where) {
  if (!value.is_object()) {
    return invalidArgument("{}: expected an object, got {}", where, describeJson(value));
  }
  return JsonObject(value, std::move(where));
}

const Json *JsonObject::find(std::string_view name) {
  read_.emplace(name);
  auto member = value_->find(std::string(name));
  return member == value_->end() ? nullptr : &*member;
}

bool JsonObject::absentOrNull(std::string_view name) {
  auto member = value_->find(std::string(name));
  if (member != value_->end() && member->is_null()) {
    read_.emplace(name);
  }
  return member == value_->end() || member->is_null();
}

Status JsonObject::mismatch(std::string_view name, std::string_view expected) const {
  auto member = value_->find(std::string(name));
  if (member == value_->end()) {
    return invalidArgument("{}: '{}' is missing: expected {}", where_, name, expected);
  }
  return invalidArgument("{}: expected '{}' to be {}, got {}", where_, name, expected, describeJson(*member));
}

StatusOr<int64_t> JsonObject::integer(std::string_view name, int64_t min, int64_t max) {
  const Json *member = find(name);
  bool fits = member && member->is_number_integer() &&
              (!member->is_number_unsigned() || member->get<uint64_t>() <= uint64_t(INT64_MAX));
  if (!fits || member->get<int64_t>() < min || member->get<int64_t>() > max) {
    return mismatch(name, fmt::format("an integer from {} to {}", min, max));
  }
  return member->get<int64_t>();
}

StatusOr<double> JsonObject::number(std::string_view name) {
  const Json *member = find(name);
  if (!member || !member->is_number() || !std::isfinite(member->get<double>())) {
    return mismatch(name, "a finite number");
  }
  return member->get<double>();
}

StatusOr<bool> JsonObject::boolean(std::string_view name) {
  const Json *member = find(name);
  if (!member || !member->is_boolean()) {
    return mismatch(name, "true or false");
  }
  return member->get<bool>();
}

StatusOr<std::string> JsonObject::string(std::string_view name) {
  const Json *member = find(name);
  if (!member || !member->is_string()) {
    return mismatch(name, "a string");
  }
  return member->get<std::string>();
}

StatusOr<const Json *> JsonObject::array(std::string_view name) {
  const Json *member = find(name);
  if (!member || !member->is_array()) {
    return mismatch(name, "an array");
  }
  return member;
}

StatusOr<JsonObject> JsonObject::object(std::string_view name) {
  const Json *member = find(name);
  if (!member || !member->is_object()) {
    return mismatch(name, "an object");
  }
  return JsonObject(*member, fmt::format("{}: {}", where_, name));
}

std::vector<std::string> JsonObject::unread() const {
  std::vector<std::string> names;
  for (const auto &[name, value] : value_->items()) {
    if (!read_.contains(name)) {
      names.push_back(name);
    }
  }
  return names;
}

Status JsonObject::finish() const {
  const std::vector<std::string> names = unread();
  return names.empty() ? Status() : invalidArgument("{}: unknown member '{}'", where_, printable(names[0]));
}

} // namespace cria
