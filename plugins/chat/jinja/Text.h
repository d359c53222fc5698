// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Text with the semantics of Python's str, a sequence of code points. A character of a message carries a mark
// that no operation removes and no comparison sees: in the rendered text only unmarked characters can form a
// control token, whatever the template did with the message.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cria::jinja {

using Text = std::u32string;
using TextView = std::u32string_view;

/// The mark of every message, and a second one of the message that is to be continued.
constexpr char32_t kFromMessage = 0x80000000;
constexpr char32_t kContinued = 0x40000000;

constexpr char32_t marksOf(char32_t character) { return character & (kFromMessage | kContinued); }
constexpr char32_t plain(char32_t character) { return character & ~(kFromMessage | kContinued); }

/// Decodes UTF-8 and marks each character with `mark`. Returns nullopt if the bytes are not UTF-8.
std::optional<Text> textFromUtf8(std::string_view bytes, char32_t mark = 0);
/// Converts ASCII, such as a name or a number.
Text textFromAscii(std::string_view ascii, char32_t mark = 0);
std::string toUtf8(TextView text);

/// Returns -1, 0 or 1 for a less than, equal to or greater than b, by code points.
int compareText(TextView a, TextView b);
inline bool sameText(TextView a, TextView b) { return a.size() == b.size() && compareText(a, b) == 0; }
bool sameText(TextView a, std::string_view ascii);
bool startsWith(TextView text, TextView prefix);
bool endsWith(TextView text, TextView suffix);
/// Returns the first position of `part` at or after `from`, or npos.
size_t findText(TextView text, TextView part, size_t from = 0);
size_t findLastText(TextView text, TextView part);

/// Returns whether the character is one of 0 to 9.
constexpr bool isDigit(char32_t character) { return plain(character) >= U'0' && plain(character) <= U'9'; }
/// Python's str.isspace() of one character.
bool isSpace(char32_t character);
/// Returns the text without the characters in `characters` (whitespace if nullopt) at the given ends.
TextView stripText(TextView text, std::optional<TextView> characters, bool left = true, bool right = true);

Text toUpper(TextView text);
Text toLower(TextView text);
/// Returns the text with its first character in upper case and the others in lower case.
Text capitalize(TextView text);
/// Python's str.title(): upper case after characters that are not letters.
Text titleOfWords(TextView text);
/// Jinja's filter title: upper case after whitespace, '-', '(', '{', '[' and '<'.
Text titleOfFilter(TextView text);

/// Replaces `from`, at most `limit` times unless that is negative.
Text replaceText(TextView text, TextView from, TextView to, int64_t limit);
/// Python's str.split: splits at `separator`, or at runs of whitespace if nullopt, at most `limit` times
/// unless that is negative.
std::vector<Text> splitText(TextView text, std::optional<TextView> separator, int64_t limit);
/// Python's str.rsplit: counts `limit` from the right.
std::vector<Text> splitTextRight(TextView text, std::optional<TextView> separator, int64_t limit);
std::vector<Text> splitLines(TextView text);

/// Python's repr of a str.
Text quoted(TextView text);

} // namespace cria::jinja
