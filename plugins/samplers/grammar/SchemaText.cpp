// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/samplers/grammar/SchemaText.h"

#include "plugins/sdk/cria_plugin.hpp"

#include <algorithm>
#include <set>

namespace cria::grammar {
namespace {

/// Builds the value from the parser's events.
class Builder : public nlohmann::json_sax<Json> {
public:
  Builder(std::string_view text, std::string where, int &numMembers)
      : text_(text), where_(std::move(where)), numMembers_(numMembers) {}
  Json take() { return std::move(root_); }

  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(number_integer_t value) override { return put(value); }
  bool number_unsigned(number_unsigned_t value) override {
    return value <= INT64_MAX ? put(static_cast<int64_t>(value)) : putNumber(std::to_string(value));
  }
  bool number_float(number_float_t, const string_t &text) override { return putNumber(text); }
  bool string(string_t &value) override { return put(value); }
  bool binary(binary_t &) override { return false; }

  bool start_object(std::size_t) override { return open(Json::object()); }
  bool key(string_t &name) override {
    if (++numMembers_ > kMaxSchemaMembers) {
      invalid("expected at most " + std::to_string(kMaxSchemaMembers) + " members");
    }
    if (!names_.back().insert(name).second) {
      invalid("name '" + name + "' is given twice in one object");
    }
    key_ = name;
    return true;
  }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_array() override { return close(); }

  bool parse_error(std::size_t position, const std::string &token,
                   const nlohmann::detail::exception &problem) override {
    constexpr int kOutOfRange = 406; // a number that is infinite in double precision
    if (problem.id == kOutOfRange) {
      throw plugin::Refusal(CRIA_STATUS_INVALID_ARGUMENT, where_ + ", at '" + pointerOfNext() +
                                                              "': expected a number below 1.8e308, got " +
                                                              shortened(token));
    }
    if (text_.find_first_not_of(" \t\r\n") == text_.npos) {
      invalid("the text is empty; expected a schema such as {\"type\": \"object\"}");
    }
    const std::string_view before = text_.substr(0, std::max<size_t>(position, 1) - 1);
    const size_t line = before.rfind('\n'); // npos: the first one, and npos + 1 is 0
    invalid("parse error at line " + std::to_string(1 + std::count(before.begin(), before.end(), '\n')) +
            ", column " + std::to_string(before.size() - (line + 1) + 1) + ": " +
            problemAt(position, problem.what()));
  }

private:
  [[noreturn]] void invalid(const std::string &why) const {
    throw plugin::Refusal(CRIA_STATUS_INVALID_ARGUMENT, where_ + ": " + why);
  }
  /// Says what is wrong with the character before a position, in bytes.
  std::string problemAt(size_t position, std::string_view why) const {
    if (position > text_.size()) {
      return "the text ends before the schema does";
    }
    if (why.find("invalid string") != why.npos) {
      return "a string has a character that JSON does not allow, an unknown escape, or is not UTF-8";
    }
    const char character = position == 0 ? ' ' : text_[position - 1];
    return character > ' ' && character < 127 ? std::string("unexpected '") + character + "'"
                                              : "unexpected character";
  }
  static std::string shortened(const std::string &token) {
    constexpr size_t kLongest = 30;
    return token.size() <= kLongest ? token : token.substr(0, kLongest) + "...";
  }
  /// Returns the JSON pointer of the value that is being read.
  std::string pointerOfNext() const {
    Json::json_pointer pointer;
    for (const Json *each : open_) {
      const bool isInnermost = each == open_.back();
      if (each->is_array()) {
        pointer /= each->size() - (isInnermost ? 0 : 1);
      } else {
        pointer /= isInnermost ? key_ : each->get_ref<const Json::object_t &>().back().first;
      }
    }
    return open_.empty() ? "/" : pointer.to_string();
  }
  bool putNumber(const std::string &text) {
    return put(Json::binary(Json::binary_t::container_type(text.begin(), text.end())));
  }
  bool put(Json value) {
    place(std::move(value));
    return true;
  }
  Json *place(Json value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    Json &parent = *open_.back();
    if (parent.is_array()) {
      parent.push_back(std::move(value));
      return &parent.back();
    }
    auto &members = parent.get_ref<Json::object_t &>(); // appended without a search; key() has compared names
    members.std::vector<Json::object_t::value_type>::emplace_back(key_, std::move(value));
    return &members.back().second;
  }
  bool open(Json value) {
    if (open_.size() == static_cast<size_t>(kMaxSchemaNesting)) {
      invalid("expected at most " + std::to_string(kMaxSchemaNesting) + " levels of nesting");
    }
    open_.push_back(place(std::move(value)));
    names_.emplace_back();
    return true;
  }
  bool close() {
    open_.pop_back();
    names_.pop_back();
    return true;
  }

  std::string_view text_;
  std::string where_;
  int &numMembers_;
  Json root_;
  std::vector<Json *> open_;
  std::vector<std::set<std::string>> names_; // of the members of each open object
  std::string key_;
};

} // namespace

Json parseSchemaText(std::string_view text, const std::string &where, int &numMembers) {
  Builder builder(text, where, numMembers);
  Json::sax_parse(text, &builder);
  return builder.take();
}

bool isNumber(const Json &value) { return value.is_number() || value.is_binary(); }

std::string numberTextOf(const Json &value) {
  return value.is_binary() ? std::string(value.get_binary().begin(), value.get_binary().end()) : value.dump();
}

std::optional<Decimal> decimalOf(const Json &value) {
  return isNumber(value) ? Decimal::parse(numberTextOf(value)) : std::nullopt;
}

bool areEqual(const Json &a, const Json &b) {
  if (isNumber(a) && isNumber(b)) {
    const std::optional<Decimal> x = decimalOf(a), y = decimalOf(b);
    return x && y ? *x == *y : numberTextOf(a) == numberTextOf(b);
  }
  if (a.type() != b.type() || a.size() != b.size()) {
    return false;
  }
  if (a.is_array()) {
    return std::equal(a.begin(), a.end(), b.begin(), areEqual);
  }
  if (!a.is_object()) {
    return a == b;
  }
  for (const auto &[name, value] : a.items()) {
    const auto found = b.find(name);
    if (found == b.end() || !areEqual(value, *found)) {
      return false;
    }
  }
  return true;
}

std::string textOf(const Json &value) {
  if (value.is_binary()) {
    return numberTextOf(value);
  }
  if (!value.is_structured()) {
    return value.dump();
  }
  std::string text;
  for (const auto &[name, each] : value.items()) {
    text += (text.empty() ? "" : ",") + (value.is_object() ? Json(name).dump() + ":" : "") + textOf(each);
  }
  return value.is_object() ? "{" + text + "}" : "[" + text + "]";
}

} // namespace cria::grammar
