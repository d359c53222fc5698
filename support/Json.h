// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Strict JSON: a parser that rejects duplicate names, deep nesting and invalid UTF-8, and JsonObject, which
// reads the members of an object by name, type and range, and rejects unknown ones. No function throws.
#pragma once

#include "support/Status.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace cria {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

/// Returns `text` for a message: at most 120 bytes, with control characters and invalid UTF-8 as \xNN.
std::string printable(std::string_view text);

/// Parses `text`. `where` (a file name) begins each message. Errors: invalidArgument for invalid syntax, a
/// duplicate name, or more than 64 levels of nesting; outOfMemory.
StatusOr<Json> parseJson(std::string_view text, std::string_view where);

/// The same for texts that Python's json reads: NaN, Infinity and -Infinity are numbers.
StatusOr<Json> parsePythonJson(std::string_view text, std::string_view where);

/// Returns what parsePythonJson() has parsed with members in the order of `text`, and empty strings in place
/// of NaN and infinities; null if `text` is not valid.
OrderedJson parseInOrder(std::string_view text);

/// Reads and parses a file. Errors: those of readFile() and parseJson().
StatusOr<Json> readJsonFile(const std::string &path, uint64_t maxBytes = uint64_t(64) << 20);

/// Prints with an indentation of 1 and a final newline. Floating-point numbers have the shortest form that
/// parses to the same value.
std::string printJson(const nlohmann::ordered_json &value);

/// A borrowed JSON object whose members are read by name. Errors of the readers: invalidArgument, as
/// mismatch() returns it. Not thread-safe.
class JsonObject {
public:
  /// `where`: file and path for messages. `value` outlives the result. Errors: invalidArgument if `value`
  /// is not an object.
  static StatusOr<JsonObject> of(const Json &value, std::string where);

  /// Returns the member, or null if it is absent. Marks it as read.
  const Json *find(std::string_view name);
  bool has(std::string_view name) const { return value_->contains(std::string(name)); }
  /// Returns whether the member is absent or null. Marks it as read if it is null.
  bool absentOrNull(std::string_view name);

  /// Read required members. An integer lies in [min, max]; a number is finite.
  StatusOr<int64_t> integer(std::string_view name, int64_t min, int64_t max);
  StatusOr<double> number(std::string_view name);
  StatusOr<bool> boolean(std::string_view name);
  StatusOr<std::string> string(std::string_view name);
  StatusOr<const Json *> array(std::string_view name);
  StatusOr<JsonObject> object(std::string_view name);

  /// Returns the names of the members that were not read.
  std::vector<std::string> unread() const;
  /// Returns an error that names the first member that was not read; ok if there is none.
  Status finish() const;
  /// Returns the error "WHERE: expected 'NAME' to be EXPECTED, got VALUE".
  Status mismatch(std::string_view name, std::string_view expected) const;

  const std::string &where() const { return where_; }
  const Json &value() const { return *value_; }

private:
  JsonObject(const Json &value, std::string where) : value_(&value), where_(std::move(where)) {}

  const Json *value_;
  std::string where_;
  std::set<std::string, std::less<>> read_;
};

/// Returns a short description of a value for a message.
std::string describeJson(const Json &value);

} // namespace cria
