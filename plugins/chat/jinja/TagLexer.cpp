// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/chat/jinja/TagLexer.h"

#include <charconv>

namespace cria::jinja {

namespace {

constexpr TextView kSymbols[] = {U"**", U"//", U"==", U"!=", U"<=", U">=", U"+", U"-", U"/",
                                 U"*",  U"%",  U"~",  U"[",  U"]",  U"(",  U")", U"{", U"}",
                                 U"<",  U">",  U"=",  U".",  U":",  U"|",  U",", U";"};

bool isDigit(char32_t c) { return c >= U'0' && c <= U'9'; }
constexpr size_t kMostNameCharacters = 256; // they are copied into scopes and messages

// Letters beyond ASCII are not told from other characters: a name may hold them all.
bool beginsName(char32_t c) {
  return (c >= U'a' && c <= U'z') || (c >= U'A' && c <= U'Z') || c == U'_' || (c >= 0x80 && !isSpace(c));
}
bool isInName(char32_t c) { return beginsName(c) || isDigit(c); }

class TagLexer {
public:
  TagLexer(TextView source, size_t at, bool isBlock, std::vector<Token> &tokens)
      : source_(source), at_(at), begin_(at), end_(isBlock ? U"%}" : U"}}"), hasPlus_(isBlock),
        tokens_(tokens) {}

  size_t run() {
    for (;; skipSpace()) {
      if (at_ >= source_.size()) {
        throw SyntaxFailure(begin_, "expected the end of the tag, '" + toUtf8(end_) + "'");
      }
      if (open_.empty() && isEnd()) {
        return at_;
      }
      readToken();
    }
  }

private:
  bool isEnd() const {
    const bool isSign = source_[at_] == U'-' || (hasPlus_ && source_[at_] == U'+');
    return source_.substr(at_ + (isSign ? 1 : 0)).starts_with(end_);
  }
  void skipSpace() {
    while (at_ < source_.size() && isSpace(source_[at_])) {
      ++at_;
    }
  }

  void readToken() {
    const char32_t c = source_[at_];
    if (isSpace(c)) {
      return;
    }
    if (isDigit(c)) {
      readNumber();
    } else if (beginsName(c)) {
      const size_t begin = at_;
      while (at_ < source_.size() && isInName(source_[at_])) {
        ++at_;
      }
      if (at_ - begin > kMostNameCharacters) {
        throw SyntaxFailure(begin, "expected a name of at most " + std::to_string(kMostNameCharacters) +
                                       " characters");
      }
      tokens_.push_back(
          {.kind = Token::Kind::name, .at = begin, .word = toUtf8(source_.substr(begin, at_ - begin))});
    } else if (c == U'\'' || c == U'"') {
      readString(c);
    } else {
      readSymbol();
    }
  }

  void digits(std::string &out) {
    for (; at_ < source_.size(); ++at_) {
      const bool separates = source_[at_] == U'_' && at_ + 1 < source_.size() && isDigit(source_[at_ + 1]);
      if (!isDigit(source_[at_]) && !separates) {
        return;
      }
      out += separates ? "" : std::string(1, static_cast<char>(source_[at_]));
    }
  }

  bool isDigitAt(size_t at) const { return at < source_.size() && isDigit(source_[at]); }

  // Whether an exponent begins here, and where its digits do.
  size_t exponentDigits() const {
    if (at_ >= source_.size() || (source_[at_] != U'e' && source_[at_] != U'E')) {
      return 0;
    }
    const bool isSigned = at_ + 1 < source_.size() && (source_[at_ + 1] == U'+' || source_[at_ + 1] == U'-');
    const size_t first = at_ + (isSigned ? 2 : 1);
    return isDigitAt(first) ? first : 0;
  }

  void readNumber() {
    Token token{.kind = Token::Kind::integer, .at = at_};
    const bool isAfterDot = at_ > 0 && source_[at_ - 1] == U'.'; // x.0.1 is two integers
    std::string text;
    digits(text);
    if (!isAfterDot && at_ < source_.size() && source_[at_] == U'.' && isDigitAt(at_ + 1)) {
      token.kind = Token::Kind::real;
      text += '.';
      ++at_;
      digits(text);
    }
    if (const size_t first = exponentDigits(); first != 0 && !isAfterDot) {
      token.kind = Token::Kind::real;
      text += toUtf8(source_.substr(at_, first - at_));
      at_ = first;
      digits(text);
    }
    const char *end = text.data() + text.size();
    const bool isInteger = token.kind == Token::Kind::integer;
    const std::from_chars_result read = isInteger ? std::from_chars(text.data(), end, token.integer)
                                                  : std::from_chars(text.data(), end, token.real);
    const bool isOctal = isInteger && text.size() > 1 && text[0] == '0' && token.integer != 0;
    if (read.ec != std::errc() || read.ptr != end || isOctal || isNameAt(at_)) {
      throw SyntaxFailure(token.at, "expected a decimal number below 2^63");
    }
    tokens_.push_back(std::move(token));
  }

  bool isNameAt(size_t at) const {
    return at < source_.size() && source_[at] < 0x80 && beginsName(source_[at]);
  }

  void readString(char32_t quote) {
    Token token{.kind = Token::Kind::string, .at = at_++};
    while (at_ < source_.size() && source_[at_] != quote) {
      if (source_[at_] == U'\\' && at_ + 1 < source_.size()) {
        readEscape(token.text);
      } else {
        token.text += source_[at_++];
      }
    }
    if (at_ >= source_.size()) {
      throw SyntaxFailure(token.at, "expected the end of the string");
    }
    ++at_;
    tokens_.push_back(std::move(token));
  }

  static std::optional<char32_t> simpleEscape(char32_t c) {
    constexpr TextView names = U"\\'\"abfnrtv";
    constexpr TextView characters = U"\\'\"\a\b\f\n\r\t\v";
    const size_t found = names.find(c);
    return found == TextView::npos ? std::nullopt : std::optional(characters[found]);
  }

  // As in Python's strings; what is no escape there stays as written.
  void readEscape(Text &out) {
    const char32_t c = source_[at_ + 1];
    at_ += 2;
    if (const auto simple = simpleEscape(c)) {
      out += *simple;
    } else if (c == U'x' || c == U'u' || c == U'U') {
      out += hexadecimal(c == U'x' ? 2 : c == U'u' ? 4 : 8);
    } else if (c >= U'0' && c <= U'7') {
      char32_t value = c - U'0';
      for (int i = 0; i < 2 && at_ < source_.size() && source_[at_] >= U'0' && source_[at_] <= U'7'; ++i) {
        value = value * 8 + (source_[at_++] - U'0');
      }
      out += value;
    } else if (c != U'\n') { // which joins two lines
      (out += U'\\') += c;
    }
  }

  char32_t hexadecimal(size_t count) {
    const size_t begin = at_ - 2;
    const std::string text = toUtf8(source_.substr(at_, count));
    uint32_t value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    const bool isCharacter = value <= 0x10FFFF && (value < 0xD800 || value > 0xDFFF);
    if (text.size() != count || read.ptr != text.data() + count || !isCharacter) {
      throw SyntaxFailure(begin, "expected the code of a character in " + std::to_string(count) +
                                     " hexadecimal digits");
    }
    at_ += count;
    return value;
  }

  void readSymbol() {
    for (const TextView symbol : kSymbols) {
      if (source_.substr(at_).starts_with(symbol)) {
        balance(symbol);
        tokens_.push_back({.kind = Token::Kind::symbol, .at = at_, .word = toUtf8(symbol)});
        at_ += symbol.size();
        return;
      }
    }
    throw SyntaxFailure(at_, "unexpected character '" + toUtf8(source_.substr(at_, 1)) + "'");
  }

  // Within brackets, "}}" is two braces.
  void balance(TextView symbol) {
    constexpr TextView opening = U"([{";
    constexpr TextView closing = U")]}";
    if (const size_t kind = opening.find(symbol); kind != TextView::npos) {
      open_ += closing[kind];
    } else if (closing.find(symbol) != TextView::npos) {
      if (open_.empty() || open_.back() != symbol[0]) {
        throw SyntaxFailure(
            at_, "unexpected '" + toUtf8(symbol) + "'" +
                     (open_.empty() ? "" : ", expected '" + toUtf8(TextView(&open_.back(), 1)) + "'"));
      }
      open_.pop_back();
    }
  }

  TextView source_;
  size_t at_;
  size_t begin_;
  TextView end_;
  bool hasPlus_;
  std::vector<Token> &tokens_;
  Text open_;
};

} // namespace

size_t readTagTokens(TextView source, size_t at, bool isBlock, std::vector<Token> &tokens) {
  return TagLexer(source, at, isBlock, tokens).run();
}

} // namespace cria::jinja
