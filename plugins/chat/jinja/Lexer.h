// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A template's text to tokens, with Jinja's whitespace control: "-" and "+" at tags, trim_blocks,
// lstrip_blocks, and one newline at the end of the template dropped.
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
  size_t at = 0;         // in the source
  Text text = {};        // text and string (unescaped)
  std::string word = {}; // name and symbol
  int64_t integer = 0;
  double real = 0;
};

struct LexerOptions {
  bool trimBlocks = true;
  bool lstripBlocks = true;
};

/// What is wrong with a template, and where in its source.
class SyntaxFailure : public std::runtime_error {
public:
  SyntaxFailure(size_t at, const std::string &text) : std::runtime_error(text), at_(at) {}
  size_t at() const { return at_; }

private:
  size_t at_;
};

/// The source with its newlines as "\n", and without one at its end.
Text normalizedSource(TextView source);
/// Tokens of a normalized source; the last is `end`. Errors: SyntaxFailure.
std::vector<Token> tokenize(TextView source, const LexerOptions &options);
/// "line 3, column 7", from 1.
std::string placeIn(TextView source, size_t at);

} // namespace cria::jinja
