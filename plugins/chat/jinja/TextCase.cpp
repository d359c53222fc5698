// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Upper and lower case, by the C library's tables: one character for one, so that 'ß' stays, where Python
// writes 'SS'.
#include "plugins/chat/jinja/Text.h"

#include <clocale>
#include <cwctype>
#include <locale.h>

namespace cria::jinja {

// Independent of what the program chose with setlocale.
static locale_t unicodeLocale() {
  static const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return locale;
}

static bool isLetter(char32_t c) {
  const auto wide = static_cast<wint_t>(plain(c));
  return unicodeLocale() == nullptr ? iswalpha(wide) != 0 : iswalpha_l(wide, unicodeLocale()) != 0;
}

static char32_t upper(char32_t c) {
  const auto wide = static_cast<wint_t>(plain(c));
  const wint_t mapped = unicodeLocale() == nullptr ? towupper(wide) : towupper_l(wide, unicodeLocale());
  return static_cast<char32_t>(mapped) | marksOf(c);
}

static char32_t lower(char32_t c) {
  const auto wide = static_cast<wint_t>(plain(c));
  const wint_t mapped = unicodeLocale() == nullptr ? towlower(wide) : towlower_l(wide, unicodeLocale());
  return static_cast<char32_t>(mapped) | marksOf(c);
}

Text toUpper(TextView text) {
  Text result;
  for (const char32_t c : text) {
    result += upper(c);
  }
  return result;
}

Text toLower(TextView text) {
  Text result;
  for (const char32_t c : text) {
    result += lower(c);
  }
  return result;
}

// `startsWord` tells from the character before whether a character is upper.
template <typename StartsWord> static Text title(TextView text, StartsWord startsWord) {
  Text result;
  for (size_t i = 0; i < text.size(); ++i) {
    result += i == 0 || startsWord(text[i - 1]) ? upper(text[i]) : lower(text[i]);
  }
  return result;
}

Text capitalize(TextView text) {
  return title(text, [](char32_t) { return false; });
}

Text titleOfWords(TextView text) {
  return title(text, [](char32_t before) { return !isLetter(before); });
}

Text titleOfFilter(TextView text) {
  return title(text, [](char32_t before) {
    return isSpace(before) || TextView(U"-({[<").find(plain(before)) != TextView::npos;
  });
}

} // namespace cria::jinja
