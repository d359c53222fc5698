// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/chat/jinja/Marks.h"

#include <algorithm>

namespace cria::jinja {

static constexpr size_t kLongestMark = 64, kMostMarks = 64;

bool isBracketed(TextView word) {
  const bool opens = !word.empty() && (plain(word.front()) == U'<' || plain(word.front()) == U'[');
  const bool closes = !word.empty() && (plain(word.back()) == U'>' || plain(word.back()) == U']');
  return opens && closes && word.size() > 2;
}

static bool isFromMessage(char32_t c) { return (c & kFromMessage) != 0; }

void addBracketed(TextView text, std::vector<std::string> &words) {
  const auto ends = [](char32_t c) {
    return isSpace(c) || isFromMessage(c) || plain(c) == U'>' || plain(c) == U']';
  };
  for (size_t begin = 0; begin < text.size() && words.size() < kMostMarks; ++begin) {
    if (text[begin] == U'<' || text[begin] == U'[') {
      const TextView rest = text.substr(begin, kLongestMark);
      const auto last = static_cast<size_t>(std::ranges::find_if(rest, ends) - rest.begin());
      const TextView word = rest.substr(0, last + 1);
      if (last < rest.size() && isBracketed(word) && !isFromMessage(rest[last])) {
        words.push_back(toUtf8(word));
      }
    }
  }
}

static bool isLetterOfLabel(char32_t c) {
  return (c >= U'a' && c <= U'z') || (c >= U'A' && c <= U'Z') || c >= 0x80;
}

static bool isPunctuation(char32_t c) {
  constexpr char32_t kFullWidthColon = 0xFF1A;
  return c == kFullWidthColon || (!isLetterOfLabel(c) && !isDigit(c));
}

static bool isLabel(TextView text) {
  constexpr size_t kShortest = 3;
  return text.size() >= kShortest && text.size() <= kLongestMark &&
         std::ranges::any_of(text, isLetterOfLabel) &&
         (isPunctuation(text.front()) || isPunctuation(text.back()));
}

/// The last line that is not blank, behind the last token.
static TextView lastLine(TextView text, const std::function<size_t(TextView)> &specialSize) {
  size_t begin = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t size = specialSize(text.substr(at));
    at += std::max<size_t>(size, 1);
    begin = size > 0 ? at : begin;
  }
  const TextView line = stripText(text.substr(begin), std::nullopt);
  return stripText(line.substr(line.find_last_of(U'\n') + 1), std::nullopt);
}

void addLabels(TextView text, bool hasFirst, const std::function<size_t(TextView)> &specialSize,
               std::vector<std::string> &labels) {
  for (size_t begin = 0; begin < text.size() && labels.size() < kMostMarks;) {
    const auto *end = std::find_if(text.begin() + begin, text.end(), isFromMessage);
    const TextView between = text.substr(begin, static_cast<size_t>(end - text.begin()) - begin);
    const TextView line = hasFirst || begin > 0 ? lastLine(between, specialSize) : TextView();
    if (isLabel(line)) {
      labels.push_back(toUtf8(line));
    }
    begin = static_cast<size_t>(std::find_if_not(end, text.end(), isFromMessage) - text.begin());
  }
}

} // namespace cria::jinja
