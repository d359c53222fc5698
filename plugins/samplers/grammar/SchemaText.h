// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Values of JSON with exact numbers, as a JSON Schema contains them.
#pragma once

#include "plugins/samplers/grammar/Decimal.h"

#include <nlohmann/json.hpp>

namespace cria::grammar {

using Json = nlohmann::ordered_json;

inline constexpr int kMaxSchemaNesting = 200;
inline constexpr int kMaxSchemaMembers = 100000; // of all objects of all documents together

/// Parses a schema. Numbers that are no int64_t keep their text: they are binary values, which a JSON text
/// cannot contain. `where` begins each message; `numMembers` counts the members of several texts together.
/// Errors: throws plugin::Refusal (INVALID_ARGUMENT) for a syntax error, a name that is given twice, too many
/// members or levels.
Json parseSchemaText(std::string_view text, const std::string &where, int &numMembers);

bool isNumber(const Json &value);
/// Returns a number as the text writes it.
std::string numberTextOf(const Json &value);
/// Returns the number; nullopt if it is none, or too large (Decimal::kMaxDigits).
std::optional<Decimal> decimalOf(const Json &value);
/// Compares as JSON Schema does: numbers by value, objects without order.
bool areEqual(const Json &a, const Json &b);
/// Returns a value as compact JSON, for messages and literals.
std::string textOf(const Json &value);

} // namespace cria::grammar
