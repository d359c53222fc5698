// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/chat/jinja/Lexer.h"

#include <algorithm>
#include <charconv>

namespace cria::jinja {

Text normalizedSource(TextView source) {
  Text result;
  for (size_t i = 0; i < source.size(); ++i) {
    const bool isPair = source[i] == U'\r' && i + 1 < source.size() && source[i + 1] == U'\n';
    i += isPair ? 1 : 0;
    result += source[i] == U'\r' ? U'\n' : source[i];
  }
  if (result.ends_with(U'\n')) {
    result.pop_back();
  }
  return result;
}

std::string placeIn(TextView source, size_t at) {
  const TextView before = source.substr(0, std::min(at, source.size()));
  const size_t line = before.rfind(U'\n');
  const size_t column = line == TextView::npos ? before.size() : before.size() - line - 1;
  return "line " + std::to_string(std::ranges::count(before, U'\n') + 1) + ", column " +
         std::to_string(column + 1);
}

namespace {

constexpr TextView kSymbols[] = {U"**", U"//", U"==", U"!=", U"<=", U">=", U"+", U"-", U"/",
                                 U"*",  U"%",  U"~",  U"[",  U"]",  U"(",  U")", U"{", U"}",
                                 U"<",  U">",  U"=",  U".",  U":",  U"|",  U",", U";"};

constexpr size_t kMaxNameCharacters = 256; // names are copied into scopes and messages

/// Beyond ASCII every character that is not whitespace counts as a letter.
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
        throw SyntaxFailure(begin_, "missing end of tag, expected '" + toUtf8(end_) + "'");
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
      if (at_ - begin > kMaxNameCharacters) {
        throw SyntaxFailure(begin, "expected a name of at most " + std::to_string(kMaxNameCharacters) +
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

  // The position of an exponent's digits if one begins here, else 0.
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
    const bool isAfterDot = at_ > 0 && source_[at_ - 1] == U'.'; // x.0.1 holds two integers
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
      throw SyntaxFailure(token.at, "missing end of string");
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

  // Python's escapes; an unknown escape stays as written.
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
    } else if (c != U'\n') { // an escaped newline joins two lines
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
      throw SyntaxFailure(begin, "expected a code point of " + std::to_string(count) + " hexadecimal digits");
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

  // Tracks brackets, since within them "}}" is two braces and not the end of the tag.
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

class Lexer {
public:
  Lexer(TextView source, const LexerOptions &options) : source_(source), options_(options) {}

  std::vector<Token> run() {
    while (at_ < source_.size()) {
      const size_t opening = findOpening();
      if (opening == TextView::npos) {
        addText(source_.substr(at_));
        at_ = source_.size();
        break;
      }
      readTag(opening);
    }
    add({.kind = Token::Kind::end, .at = at_});
    return std::move(tokens_);
  }

private:
  void add(Token token) { tokens_.push_back(std::move(token)); }
  void addText(TextView text) {
    if (!text.empty()) {
      add({.kind = Token::Kind::text, .at = at_, .text = Text(text)});
    }
  }
  bool isAt(size_t at, TextView word) const {
    return source_.substr(std::min(at, source_.size())).starts_with(word);
  }

  size_t findOpening() const {
    for (size_t at = at_; at + 1 < source_.size(); ++at) {
      const char32_t next = source_[at + 1];
      if (source_[at] == U'{' && (next == U'{' || next == U'%' || next == U'#')) {
        return at;
      }
    }
    return TextView::npos;
  }

  // Adds the text before a tag without the whitespace that the tag's sign or lstrip_blocks removes.
  void addTextBefore(size_t opening, char32_t sign, bool isVariable) {
    TextView text = source_.substr(at_, opening - at_);
    if (sign == U'-') {
      text = stripText(text, std::nullopt, false, true);
    } else if (sign != U'+' && options_.lstripBlocks && !isVariable) {
      const size_t line = text.rfind(U'\n') + 1; // npos + 1 is 0
      const bool isBlank = stripText(text.substr(line), std::nullopt).empty();
      if ((line > 0 || isLineStart_) && isBlank) {
        text = text.substr(0, line);
      }
    }
    addText(text);
  }

  char32_t signAt(size_t at) const {
    const bool isSign = at < source_.size() && (source_[at] == U'-' || source_[at] == U'+');
    return isSign ? source_[at] : 0;
  }

  void readTag(size_t opening) {
    const char32_t kind = source_[opening + 1];
    const char32_t sign = signAt(opening + 2);
    addTextBefore(opening, sign, kind == U'{');
    at_ = opening + 2 + (sign == 0 ? 0 : 1);
    if (kind == U'#') {
      readComment(opening);
    } else if (kind == U'%' && beginsRaw()) {
      readRaw(opening);
    } else {
      const bool isBlock = kind == U'%';
      add({.kind = isBlock ? Token::Kind::blockBegin : Token::Kind::variableBegin, .at = opening});
      at_ = TagLexer(source_, at_, isBlock, tokens_).run();
      add({.kind = isBlock ? Token::Kind::blockEnd : Token::Kind::variableEnd, .at = at_});
      closeTag(isBlock);
    }
  }

  // Passes the end of a tag, which begins at at_ with an optional sign, and the whitespace that the sign or
  // trim_blocks removes after it.
  void closeTag(bool trims) {
    const char32_t sign = signAt(at_);
    at_ += sign == 0 ? 2 : 3;
    isLineStart_ = false;
    if (sign == U'-') {
      while (at_ < source_.size() && isSpace(source_[at_])) {
        isLineStart_ = source_[at_++] == U'\n';
      }
    } else if (sign == 0 && trims && options_.trimBlocks && isAt(at_, U"\n")) {
      ++at_;
      isLineStart_ = true;
    }
  }

  void readComment(size_t opening) {
    const size_t end = source_.find(U"#}", at_);
    if (end == TextView::npos) {
      throw SyntaxFailure(opening, "missing end of comment tag, expected '#}'");
    }
    at_ = end > at_ && signAt(end - 1) != 0 ? end - 1 : end;
    closeTag(true);
  }

  size_t skipSpace(size_t at) const {
    while (at < source_.size() && isSpace(source_[at])) {
      ++at;
    }
    return at;
  }

  // If the tag at `at` holds only `word`, the position of its end (of the sign or '%'); else npos.
  size_t endOfWordTag(size_t at, TextView word) const {
    at = skipSpace(at);
    if (!isAt(at, word)) {
      return TextView::npos;
    }
    at = skipSpace(at + word.size());
    return isAt(at + (signAt(at) == 0 ? 0 : 1), U"%}") ? at : TextView::npos;
  }

  bool beginsRaw() const { return endOfWordTag(at_, U"raw") != TextView::npos; }

  void readRaw(size_t opening) {
    at_ = endOfWordTag(at_, U"raw");
    closeTag(false);
    for (size_t i = source_.find(U"{%", at_); i != TextView::npos; i = source_.find(U"{%", i + 1)) {
      const char32_t sign = signAt(i + 2);
      const size_t end = endOfWordTag(i + 2 + (sign == 0 ? 0 : 1), U"endraw");
      if (end != TextView::npos) {
        addTextBefore(i, sign, false);
        at_ = end;
        closeTag(true);
        return;
      }
    }
    throw SyntaxFailure(opening, "missing end of raw directive, expected {% endraw %}");
  }

  TextView source_;
  LexerOptions options_;
  std::vector<Token> tokens_;
  size_t at_ = 0;
  bool isLineStart_ = true;
};

} // namespace

std::vector<Token> tokenize(TextView source, const LexerOptions &options) {
  return Lexer(source, options).run();
}

} // namespace cria::jinja
