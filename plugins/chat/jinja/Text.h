// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Text as Python counts it, in characters. A character that comes from a message carries a mark, which no
// operation removes and no comparison sees: afterwards only unmarked text can be a control token, whatever
// the template did with the message.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cria::jinja {

using Text = std::u32string;
using TextView = std::u32string_view;

/// The mark, and another one of the message that is to be continued.
constexpr char32_t kGiven = 0x80000000;
constexpr char32_t kContinued = 0x40000000;

constexpr char32_t marksOf(char32_t character) { return character & (kGiven | kContinued); }
constexpr char32_t plain(char32_t character) { return character & ~(kGiven | kContinued); }

/// From UTF-8; nullopt when it is not. `mark` is put on each character.
std::optional<Text> textFromUtf8(std::string_view bytes, char32_t mark = 0);
/// ASCII to text, e.g. for names and numbers.
Text textFromAscii(std::string_view ascii, char32_t mark = 0);
std::string toUtf8(TextView text);

/// -1, 0 or 1, by characters, as Python orders.
int compareText(TextView a, TextView b);
inline bool sameText(TextView a, TextView b) { return a.size() == b.size() && compareText(a, b) == 0; }
bool sameText(TextView a, std::string_view ascii);
bool startsWith(TextView text, TextView prefix);
bool endsWith(TextView text, TextView suffix);
/// The first place of `part` at or after `from`, or npos.
size_t findText(TextView text, TextView part, size_t from = 0);
size_t findLastText(TextView text, TextView part);

/// As Python's str.isspace() has it.
bool isSpace(char32_t character);
/// Without characters of `characters` (whitespace when nullopt) at the ends asked for.
TextView stripText(TextView text, std::optional<TextView> characters, bool left = true, bool right = true);

Text toUpper(TextView text);
Text toLower(TextView text);
/// First character upper, the rest lower.
Text capitalize(TextView text);
/// Python's str.title(): letters after anything but letters are upper.
Text titleOfWords(TextView text);
/// Jinja's filter title: after blanks, '-', '(', '{', '[' and '<'.
Text titleOfFilter(TextView text);

/// `limit` replacements at most, all when negative.
Text replaceText(TextView text, TextView from, TextView to, int64_t limit);
/// Python's str.split: at `separator`, or at runs of whitespace when nullopt. limit < 0: none.
std::vector<Text> splitText(TextView text, std::optional<TextView> separator, int64_t limit);
/// From the right.
std::vector<Text> splitTextRight(TextView text, std::optional<TextView> separator, int64_t limit);
std::vector<Text> splitLines(TextView text);

/// Python's repr of a str.
Text quoted(TextView text);

} // namespace cria::jinja
