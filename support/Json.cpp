// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The JSON parser reports errors by exceptions, which are caught in this file.
#include "support/Json.h"

#include "support/File.h"
#include "support/Utf8.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>

namespace cria {

namespace {
constexpr int kMaxDepth = 64;
constexpr size_t kMaxShown = 120;

struct Refused {
  std::string reason;
};

/// Handles the events of the parser and throws Refused for a duplicate name or deep nesting.
class StrictObserver {
public:
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
    return true;
  }

private:
  std::vector<std::unordered_set<std::string>> names_;
};

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

StatusOr<Json> parseJson(std::string_view text, std::string_view where) {
  try {
    return Json::parse(text.begin(), text.end(), StrictObserver());
  } catch (const Refused &refused) {
    return invalidArgument("{}: {}", where, refused.reason);
  } catch (const Json::exception &exception) {
    return invalidArgument("{}: not valid JSON: {}", where, printable(messageOf(exception)));
  } catch (const std::bad_alloc &) {
    return error(StatusCode::outOfMemory, "{}: out of memory while parsing", where);
  }
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

Status JsonObject::finish() const {
  for (const auto &[name, value] : value_->items()) {
    if (!read_.contains(name)) {
      return invalidArgument("{}: unknown member '{}'", where_, printable(name));
    }
  }
  return {};
}

} // namespace cria
