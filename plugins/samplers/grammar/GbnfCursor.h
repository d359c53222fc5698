// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// GbnfCursor: the characters of a GBNF grammar, taken one after another.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cria::grammar {

/// A place in a grammar's text, which must outlive it. Errors are plugin::Refusal with line and column.
class GbnfCursor {
public:
  explicit GbnfCursor(std::string_view text) : text_(text) {}

  size_t at() const { return at_; }
  void moveTo(size_t at) { at_ = at; }
  bool atEnd() const { return at_ == text_.size(); }
  /// The character `ahead` of the place; 0 beyond the end.
  char peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  void skip() { ++at_; }
  /// Takes `word` if it comes next.
  bool take(std::string_view word);

  /// Skips blanks and comments, and line breaks if asked.
  void skipSpace(bool withNewlines);
  bool isNewline() const { return peek() == '\n' || peek() == '\r'; }

  /// Whether `c` may be in the name of a rule.
  static bool isWord(char c);
  std::string takeName();
  /// Takes a character or an escape of literals and classes; returns its code point.
  uint32_t takeCharacter();
  /// Takes a decimal number up to `limit`.
  uint32_t takeCount(uint32_t limit);

  [[noreturn]] void failAt(size_t at, const std::string &what) const;
  /// Fails at the place, with what is there.
  [[noreturn]] void expected(const std::string &what) const;

private:
  uint32_t takeEscape();
  uint32_t takeHex(int digits);

  std::string_view text_;
  size_t at_ = 0;
};

} // namespace cria::grammar
