// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/chat/jinja/Lexer.h"

#include "plugins/chat/jinja/TagLexer.h"

#include <algorithm>

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

  // The text before a tag, less what the tag's sign or lstrip_blocks takes away.
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
      at_ = readTagTokens(source_, at_, isBlock, tokens_);
      add({.kind = isBlock ? Token::Kind::blockEnd : Token::Kind::variableEnd, .at = at_});
      closeTag(isBlock);
    }
  }

  // Behind the end of a tag, which begins at at_ with an optional sign; what follows it is dropped as asked.
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
      throw SyntaxFailure(opening, "expected the end of the comment, '#}'");
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

  // Where a tag with only `word` in it ends (at its sign or '%'), when there is one at `at`, else npos.
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
    throw SyntaxFailure(opening, "expected {% endraw %}");
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
