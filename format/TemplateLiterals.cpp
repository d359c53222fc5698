// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "format/TemplateLiterals.h"

#include <algorithm>
#include <array>
#include <utility>

namespace cria {

size_t findTag(std::string_view source, size_t at) {
  for (; at + 1 < source.size(); ++at) {
    const char next = source[at + 1];
    if (source[at] == '{' && (next == '{' || next == '%' || next == '#')) {
      return at;
    }
  }
  return source.size();
}

static bool isNameByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool isBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

namespace {

struct Token {
  enum class Kind { name, string, sign };
  Kind kind = Kind::sign;
  std::string text; // of a string, without quotes and escapes
};

/// Cuts the inside of a tag into tokens; "==" and "!=" are one sign.
class TagReader {
public:
  TagReader(std::string_view source, size_t at) : source_(source), at_(at) {}

  /// The tokens up to `closing` outside brackets; the tag is not closed if the end is not found.
  std::vector<Token> read(std::string_view closing) {
    std::vector<Token> tokens;
    while (at_ < source_.size() && !isClosed_) {
      const char c = source_[at_];
      isClosed_ = depth_ <= 0 && source_.substr(at_).starts_with(closing);
      if (isClosed_ || isBlank(c)) {
        at_ += isClosed_ ? closing.size() : 1;
      } else {
        tokens.push_back(c == '\'' || c == '"' ? readString(c) : isNameByte(c) ? readName() : readSign(c));
      }
    }
    return tokens;
  }

  size_t position() const { return at_; }
  bool isClosed() const { return isClosed_; }

private:
  Token readName() {
    const size_t start = at_;
    while (at_ < source_.size() && isNameByte(source_[at_])) {
      ++at_;
    }
    return {Token::Kind::name, std::string(source_.substr(start, at_ - start))};
  }

  Token readSign(char c) {
    const bool isComparison = (c == '=' || c == '!') && source_.substr(at_ + 1).starts_with('=');
    const size_t size = isComparison ? 2 : 1;
    depth_ += c == '(' || c == '[' || c == '{' ? 1 : c == ')' || c == ']' || c == '}' ? -1 : 0;
    at_ += size;
    return {Token::Kind::sign, std::string(source_.substr(at_ - size, size))};
  }

  Token readString(char quote) {
    constexpr std::string_view names = "ntr";
    constexpr std::string_view characters = "\n\t\r";
    Token token{Token::Kind::string, {}};
    for (++at_; at_ < source_.size() && source_[at_] != quote; ++at_) {
      const bool isEscape = source_[at_] == '\\' && at_ + 1 < source_.size();
      at_ += isEscape ? 1 : 0;
      const size_t known = isEscape ? names.find(source_[at_]) : names.npos;
      token.text += known == names.npos ? source_[at_] : characters[known];
    }
    ++at_;
    return token;
  }

  std::string_view source_;
  size_t at_;
  int depth_ = 0;
  bool isClosed_ = false;
};

/// Methods and functions whose first argument is not part of what is written.
constexpr std::array<std::string_view, 14> kSearches = {
    "startswith", "endswith", "split", "rsplit",  "strip", "lstrip",          "rstrip",
    "find",       "rfind",    "get",   "replace", "count", "raise_exception", "index"};

/// The tokens around one token of a tag.
class Surroundings {
public:
  Surroundings(const std::vector<Token> &tokens, size_t at)
      : tokens_(tokens), at_(static_cast<int64_t>(at)) {}

  bool isCompared() const {
    const bool isLoop = is(-at_, "for"); // its `in` compares nothing
    return is(-1, "==") || is(-1, "!=") || (is(-1, "in") && !isLoop) || isComparedBehind(1);
  }
  bool isMember() const {
    return is(-1, "[") && is(1, "]") && at_ > 1 &&
           (isOf(-2, Token::Kind::name) || is(-2, "]") || is(-2, ")"));
  }
  bool isSearched() const {
    return is(-1, "(") && std::ranges::find(kSearches, textAt(-2)) != kSearches.end();
  }
  bool isComparedBehind(int64_t offset) const {
    return is(offset, "==") || is(offset, "!=") || is(offset, "in") || is(offset, "not");
  }

private:
  std::string_view textAt(int64_t offset) const {
    const auto at = static_cast<size_t>(at_ + offset);
    return at < tokens_.size() && tokens_[at].kind != Token::Kind::string ? tokens_[at].text
                                                                          : std::string_view();
  }
  bool is(int64_t offset, std::string_view text) const { return textAt(offset) == text; }
  bool isOf(int64_t offset, Token::Kind kind) const {
    return tokens_[static_cast<size_t>(at_ + offset)].kind == kind;
  }

  const std::vector<Token> &tokens_;
  int64_t at_;
};

class LiteralReader {
public:
  explicit LiteralReader(std::string_view source) : source_(source) {}

  TemplateLiterals read() {
    while (at_ < source_.size()) {
      const size_t opening = findTag(source_, at_);
      text_ += source_.substr(at_, opening - at_);
      at_ = opening;
      if (at_ < source_.size()) {
        readTag(source_[at_ + 1]);
      }
    }
    flush();
    return std::move(found_);
  }

private:
  void flush() {
    if (!text_.empty()) {
      found_.texts.push_back(std::exchange(text_, {}));
    }
  }

  void readTag(char kind) {
    if (kind == '#') { // the texts around a comment are one
      const size_t end = source_.find("#}", at_ + 2);
      at_ = end == source_.npos ? source_.size() : end + 2;
      return;
    }
    flush();
    TagReader reader(source_, at_ + 2);
    std::vector<Token> tokens = reader.read(kind == '{' ? "}}" : "%}");
    if (!reader.isClosed()) {
      text_ += source_.substr(at_);
    }
    at_ = reader.position();
    if (!tokens.empty() && (tokens[0].text == "-" || tokens[0].text == "+")) {
      tokens.erase(tokens.begin());
    }
    addStrings(tokens, kind == '{');
    if (kind == '%' && !tokens.empty() && tokens[0].text == "raw") {
      readRaw();
    }
  }

  void readRaw() {
    const size_t end = std::min(source_.find("endraw", at_), source_.size());
    const size_t tag = end == source_.size() ? end : std::min(source_.rfind("{%", end), end);
    text_ += source_.substr(at_, std::max(tag, at_) - at_);
    at_ = std::max(tag, at_);
  }

  void addStrings(const std::vector<Token> &tokens, bool isWritten) {
    for (size_t i = 0; i < tokens.size(); ++i) {
      const Surroundings around(tokens, i);
      const bool isMember = around.isMember();
      if (tokens[i].text == "role" && isWritten && !around.isComparedBehind(isMember ? 2 : 1)) {
        found_.writesRole = true;
      }
      if (tokens[i].kind == Token::Kind::string && !tokens[i].text.empty() && !isMember &&
          !around.isCompared() && !around.isSearched()) {
        found_.texts.push_back(tokens[i].text);
      }
    }
  }

  std::string_view source_;
  size_t at_ = 0;
  std::string text_; // read, and not yet in found_
  TemplateLiterals found_;
};

} // namespace

TemplateLiterals readLiterals(std::string_view source) { return LiteralReader(source).read(); }

} // namespace cria
