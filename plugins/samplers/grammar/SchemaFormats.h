// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The formats of JSON Schema that can be enforced.
#pragma once

#include "plugins/samplers/grammar/NumberSet.h"

#include <optional>
#include <string>

namespace cria::grammar {

/// Returns texts of the format: date, time, date-time and uuid, and with `isExact` others as well, for which
/// fewer texts than the specification allows may be returned, never more. nullopt: the format is an
/// annotation.
std::optional<Languages::Id> languageOfFormat(Languages &languages, const std::string &name, bool isExact);
/// Returns the numbers of a format of numbers: int8 to int64, uint8 to uint64, float and double.
std::optional<NumberSet> numbersOfFormat(const std::string &name);
/// Returns whether a name is that of a format of strings that can be enforced.
bool isFormatOfTexts(const std::string &name);
/// Returns the names of all formats that can be enforced, for a message.
std::string knownFormats();

} // namespace cria::grammar
