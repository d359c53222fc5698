// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The parser of plugin expressions. Its errors show the expression with a caret under the invalid
// character.
#include "runtime/plugin/PluginOptions.h"

#include <algorithm>

namespace cria {

static size_t columnOf(std::string_view text, size_t position) {
  return static_cast<size_t>(std::count_if(text.begin(), text.begin() + static_cast<ptrdiff_t>(position),
                                           [](char c) { return (static_cast<uint8_t>(c) & 0xC0) != 0x80; }));
}

Status expressionError(std::string_view expression, size_t position, std::string_view message) {
  const size_t column = columnOf(expression, std::min(position, expression.size()));
  return invalidArgument("{} (at character {})\n  {}\n  {}^", message, column + 1, expression,
                         std::string(column, ' '));
}

Status locatedIn(std::string_view expression, size_t position, const Status &status) {
  return Status(status.code(), expressionError(expression, position, status.message()).message());
}

namespace {

class Parser {
public:
  explicit Parser(std::string_view expression) : expression_(expression) {}

  StatusOr<std::vector<PluginSpec>> parse() {
    std::vector<PluginSpec> specs;
    do {
      CRIA_ASSIGN_OR_RETURN(PluginSpec spec, parseSpec());
      specs.push_back(std::move(spec));
    } while (take('|'));
    if (at_ < expression_.size()) {
      return expected("'|' or the end");
    }
    return specs;
  }

private:
  StatusOr<PluginSpec> parseSpec() {
    skipSpaces();
    PluginSpec spec;
    spec.position = at_;
    spec.name = takeWord();
    if (spec.name.empty()) {
      return expected("a name");
    }
    if (take('(') && !take(')')) {
      do {
        CRIA_ASSIGN_OR_RETURN(PluginArgument argument, parseArgument());
        spec.arguments.push_back(std::move(argument));
      } while (take(','));
      if (!take(')')) {
        return expected("',' or ')'");
      }
    }
    return spec;
  }

  StatusOr<PluginArgument> parseArgument() {
    skipSpaces();
    PluginArgument argument;
    argument.position = argument.namePosition = at_;
    CRIA_ASSIGN_OR_RETURN(std::string first, parseValue());
    const bool quoted = expression_[argument.position] == '"';
    if (quoted || !take('=')) {
      argument.value = std::move(first);
    } else {
      argument.name = std::move(first);
      skipSpaces();
      argument.position = at_;
      CRIA_ASSIGN_OR_RETURN(argument.value, parseValue());
    }
    return argument;
  }

  StatusOr<std::string> parseValue() {
    if (at_ < expression_.size() && expression_[at_] == '"') {
      return parseQuoted();
    }
    std::string word = takeWord();
    if (word.empty()) {
      return expected("a value");
    }
    return word;
  }

  StatusOr<std::string> parseQuoted() {
    const size_t begin = at_++;
    std::string text;
    while (at_ < expression_.size() && expression_[at_] != '"') {
      if (expression_[at_] == '\\') {
        ++at_;
        constexpr std::string_view names = "nt\"\\";
        constexpr std::string_view values = "\n\t\"\\";
        const size_t escape = at_ < expression_.size() ? names.find(expression_[at_]) : names.npos;
        if (escape == names.npos) {
          return expected("n, t, \" or \\ after a backslash");
        }
        text += values[escape];
      } else {
        text += expression_[at_];
      }
      ++at_;
    }
    if (at_ == expression_.size()) {
      return expressionError(expression_, begin, "unterminated string");
    }
    ++at_;
    return text;
  }

  std::string takeWord() {
    const size_t end = std::min(expression_.find_first_of(" \t\n|(),=\"", at_), expression_.size());
    std::string word(expression_.substr(at_, end - at_));
    at_ = end;
    return word;
  }

  void skipSpaces() { at_ = std::min(expression_.find_first_not_of(" \t\n", at_), expression_.size()); }

  bool take(char character) {
    skipSpaces();
    if (at_ < expression_.size() && expression_[at_] == character) {
      ++at_;
      return true;
    }
    return false;
  }

  Status expected(std::string_view what) const {
    const std::string found = at_ < expression_.size() ? fmt::format("'{}'", expression_[at_]) : "the end";
    return expressionError(expression_, at_, fmt::format("expected {}, got {}", what, found));
  }

  std::string_view expression_;
  size_t at_ = 0;
};

} // namespace

std::string quoteText(std::string_view text) {
  std::string quoted = "\"";
  for (const char character : text) {
    switch (character) {
    case '\n':
      quoted += "\\n";
      break;
    case '\t':
      quoted += "\\t";
      break;
    case '"':
    case '\\':
      quoted += '\\';
      [[fallthrough]];
    default:
      quoted += character;
    }
  }
  return quoted + "\"";
}

StatusOr<std::vector<PluginSpec>> parsePluginExpression(std::string_view expression) {
  return Parser(expression).parse();
}

} // namespace cria
