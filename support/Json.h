// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Strict JSON: parsing that refuses duplicate names, deep nesting and invalid UTF-8, and JsonObject, which
// reads the members of an object by name, type and range, and can refuse the rest. Nothing here throws.
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

/// `text` for a message: at most 120 bytes, control characters and invalid UTF-8 as \xNN.
std::string printable(std::string_view text);

/// Parses `text`. `where` (a file name) starts each message.
/// Errors: invalidArgument for bad syntax, a duplicate name (named), or nesting deeper than 64.
StatusOr<Json> parseJson(std::string_view text, std::string_view where);

/// Reads and parses a whole file. Errors: those of parseJson() and of readFile().
StatusOr<Json> readJsonFile(const std::string &path, uint64_t maxBytes = uint64_t(64) << 20);

/// Prints with an indent of 1 and a final newline; floating point numbers in the shortest form that reads
/// back equal.
std::string printJson(const nlohmann::ordered_json &value);

/// A borrowed JSON object whose members are read by name. Each reader fails with "WHERE: expected NAME to be
/// ...".
class JsonObject {
public:
  /// `where` names file and path for messages. Errors: invalidArgument when `value` is not an object.
  static StatusOr<JsonObject> of(const Json &value, std::string where);

  /// The member or null; counts as read.
  const Json *find(std::string_view name);
  bool has(std::string_view name) const { return value_->contains(std::string(name)); }
  /// True for an absent member and for null; counts as read when it is null.
  bool absentOrNull(std::string_view name);

  /// Required members. Integers are checked against [min, max]; a number must be finite.
  StatusOr<int64_t> integer(std::string_view name, int64_t min, int64_t max);
  StatusOr<double> number(std::string_view name);
  StatusOr<bool> boolean(std::string_view name);
  StatusOr<std::string> string(std::string_view name);
  StatusOr<const Json *> array(std::string_view name);
  StatusOr<JsonObject> object(std::string_view name);

  /// An error that names the first member nobody asked for.
  Status finish() const;
  /// An error about member `name`: "WHERE: expected 'NAME' to be EXPECTED, got VALUE".
  Status mismatch(std::string_view name, std::string_view expected) const;

  const std::string &where() const { return where_; }
  const Json &value() const { return *value_; }

private:
  JsonObject(const Json &value, std::string where) : value_(&value), where_(std::move(where)) {}

  const Json *value_;
  std::string where_;
  std::set<std::string, std::less<>> read_;
};

/// A short rendering of a value for a message.
std::string describeJson(const Json &value);

} // namespace cria
