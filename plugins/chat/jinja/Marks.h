// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The marks that a template writes as plain text around messages: words in brackets, and the labels of turns.
#pragma once

#include "plugins/chat/jinja/Text.h"

#include <functional>
#include <string>
#include <vector>

namespace cria::jinja {

/// Whether a word has the form of a mark: <|im_end|>, </answer>, [END].
bool isBracketed(TextView word);

/// Appends the words in brackets of a rendered text, of which no character is of a message.
void addBracketed(TextView text, std::vector<std::string> &words);

/// Appends the labels of the turns of a rendered text, such as "### User:": what stands in the last line
/// before each message, behind the tokens in it, and at the end of the text. `specialSize` returns the size
/// of the token that begins a text, 0 if none does. What stands before the first message counts if
/// `hasFirst`. A label has three to 64 characters, a letter among them, and begins or ends with punctuation,
/// as ordinary words do not.
void addLabels(TextView text, bool hasFirst, const std::function<size_t(TextView)> &specialSize,
               std::vector<std::string> &labels);

} // namespace cria::jinja
