// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Splits the source of a template into tokens, with the whitespace control of Jinja: "-" and "+" at tags,
// trim_blocks, lstrip_blocks, and one newline removed at the end of the template.
#pragma once

#include "plugins/chat/jinja/Text.h"

#include <cstdint>
#include <stdexcept>

namespace cria::jinja {

struct Token {
  enum class Kind {
    text,
    variableBegin,
    variableEnd,
    blockBegin,
    blockEnd,
    name,
    string,
    integer,
    real,
    symbol,
    end
  };
  Kind kind;
  size_t at = 0;         // position in the source
  Text text = {};        // text and string (unescaped)
  std::string word = {}; // name and symbol
  int64_t integer = 0;
  double real = 0;
};

struct LexerOptions {
  bool trimBlocks = true;
  bool lstripBlocks = true;
};

/// An error in the source of a template, and its position.
class SyntaxFailure : public std::runtime_error {
public:
  SyntaxFailure(size_t at, const std::string &text) : std::runtime_error(text), at_(at) {}
  size_t at() const { return at_; }

private:
  size_t at_;
};

/// Returns the source with "\n" for every newline, and without one at its end.
Text normalizedSource(TextView source);
/// Returns the tokens of a normalized source; the last is `end`. Errors: SyntaxFailure.
std::vector<Token> tokenize(TextView source, const LexerOptions &options);
/// Returns a position as "line 3, column 7", both counted from 1.
std::string placeIn(TextView source, size_t at);

/// The tokens of a template in order, and errors that say what was expected instead of the current one.
class TokenStream {
public:
  /// The last of `tokens` is `end`.
  explicit TokenStream(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  const Token &current() const { return tokens_[next_]; }
  const Token &look() const { return tokens_[std::min(next_ + 1, tokens_.size() - 1)]; }
  /// Returns the current token and moves past it, unless it is `end`.
  const Token &take() { return tokens_[next_ + 1 < tokens_.size() ? next_++ : next_]; }

  bool is(Token::Kind kind) const { return current().kind == kind; }
  bool isName(std::string_view word) const { return is(Token::Kind::name) && current().word == word; }
  bool isSymbol(std::string_view word) const { return is(Token::Kind::symbol) && current().word == word; }

  bool skipName(std::string_view word) { return isName(word) && (take(), true); }
  bool skipSymbol(std::string_view word) { return isSymbol(word) && (take(), true); }

  const Token &expect(Token::Kind kind, std::string_view what) {
    return is(kind) ? take() : fail("expected " + std::string(what));
  }
  void expectSymbol(std::string_view word) {
    if (!skipSymbol(word)) {
      fail("expected '" + std::string(word) + "'");
    }
  }
  void expectName(std::string_view word) {
    if (!skipName(word)) {
      fail("expected '" + std::string(word) + "'");
    }
  }

  /// Throws SyntaxFailure at the current token, with what was expected and what it is.
  [[noreturn]] const Token &fail(const std::string &expected) const {
    throw SyntaxFailure(current().at, expected + ", got " + describe(current()));
  }

private:
  static std::string describe(const Token &token) {
    switch (token.kind) {
    case Token::Kind::name:
    case Token::Kind::symbol:
      return "'" + token.word + "'";
    case Token::Kind::string:
      return "a string";
    case Token::Kind::integer:
    case Token::Kind::real:
      return "a number";
    case Token::Kind::text:
      return "text";
    case Token::Kind::end:
      return "the end of the template";
    case Token::Kind::variableEnd:
    case Token::Kind::blockEnd:
      return "the end of the tag";
    case Token::Kind::variableBegin:
    case Token::Kind::blockBegin:
      return "the beginning of a tag";
    }
    __builtin_unreachable(); // not an enumerator
  }

  std::vector<Token> tokens_;
  size_t next_ = 0;
};

} // namespace cria::jinja
