// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rewrites a template in canonical spelling. Tags that it does not know are kept as they are.
#include "frontends/huggingface/ChatTemplates.h"

#include "format/TemplateLiterals.h"

#include <algorithm>

namespace cria::huggingface {

namespace {

bool isSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool isWord(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         (c & 0x80) != 0;
}
bool isName(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, isWord) && !(text[0] >= '0' && text[0] <= '9');
}

class Canonical {
public:
  explicit Canonical(std::string_view source) : source_(source) {
    if (source_.ends_with('\n')) {
      source_.remove_suffix(1);
    }
  }

  std::optional<std::string> run() {
    while (at_ < source_.size()) {
      const size_t opening = findTag(source_, at_);
      addText(opening);
      at_ = opening;
      if (opening < source_.size() && !readTag()) {
        return std::nullopt;
      }
    }
    return std::move(out_);
  }

private:
  char charAt(size_t at) const { return at < source_.size() ? source_[at] : '\0'; }

  // The text before a tag after whitespace control: trim_blocks and lstrip_blocks, which transformers sets,
  // and the sign of the tag.
  void addText(size_t opening) {
    std::string_view text = source_.substr(at_, opening - at_);
    const char kind = charAt(opening + 1);
    const char sign = opening < source_.size() ? charAt(opening + 2) : '\0';
    if (sign == '-') {
      while (!text.empty() && isSpace(text.back())) {
        text.remove_suffix(1);
      }
    } else if (sign != '+' && opening < source_.size() && kind != '{') {
      const size_t line = text.rfind('\n') + 1; // npos + 1 is 0
      const bool isBlank = std::ranges::all_of(text.substr(line), isSpace);
      text = isBlank && (line > 0 || isLineStart_) ? text.substr(0, line) : text;
    }
    out_ += text;
  }

  bool readTag() {
    const char kind = source_[at_ + 1];
    at_ += charAt(at_ + 2) == '-' || charAt(at_ + 2) == '+' ? 3 : 2;
    if (kind == '#') {
      const size_t end = source_.find("#}", at_);
      if (end == source_.npos) {
        return false;
      }
      at_ = end + 2;
      dropAfter(end > 0 ? source_[end - 1] : '\0', true);
      return true;
    }
    out_ += kind == '{' ? "{{" : "{%";
    const std::string_view closing = kind == '{' ? "}}" : "%}";
    while (at_ < source_.size()) {
      const size_t signSize = charAt(at_) == '-' || (kind == '%' && charAt(at_) == '+') ? 1 : 0;
      if (depth_ == 0 && source_.substr(at_ + signSize).starts_with(closing)) {
        const char sign = signSize != 0 ? source_[at_] : '\0';
        at_ += signSize + 2;
        out_ += closing;
        dropAfter(sign, kind == '%');
        return true;
      }
      if (!readToken()) {
        return false;
      }
    }
    return false;
  }

  // Skips the blanks after a tag that its sign removes, or the newline that trim_blocks removes.
  void dropAfter(char sign, bool isBlock) {
    isLineStart_ = false;
    if (sign == '-') {
      while (at_ < source_.size() && isSpace(source_[at_])) {
        isLineStart_ = source_[at_++] == '\n';
      }
    } else if (isBlock && sign != '+' && charAt(at_) == '\n') {
      ++at_;
      isLineStart_ = true;
    }
  }

  bool readToken() {
    const char c = source_[at_];
    if (isSpace(c)) {
      hasBlank_ = true;
      ++at_;
      return true;
    }
    const bool separates = hasBlank_ && isWord(c) && !out_.empty() && isWord(out_.back());
    out_ += separates ? " " : "";
    hasBlank_ = false;
    if (c == '\'' || c == '"') {
      return readString(c);
    }
    depth_ += c == '(' || c == '[' || c == '{' ? 1 : c == ')' || c == ']' || c == '}' ? -1 : 0;
    out_ += c;
    ++at_;
    return depth_ >= 0;
  }

  // x['name'] becomes x.name.
  bool readString(char quote) {
    std::string text;
    if (!unquote(quote, text)) {
      return false;
    }
    const size_t size = out_.size();
    const bool isSubscript =
        size > 1 && out_[size - 1] == '[' && (isWord(out_[size - 2]) || out_[size - 2] == ']');
    if (isSubscript && charAt(at_) == ']' && isName(text)) {
      out_.back() = '.';
      out_ += text;
      ++at_;
      --depth_;
      return true;
    }
    out_ += '"';
    for (const char c : text) {
      out_ += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
    }
    out_ += '"';
    return true;
  }

  // The text of a string. No published template has other escapes than these.
  bool unquote(char quote, std::string &text) {
    constexpr std::string_view names = "nt\\'\"";
    constexpr std::string_view characters = "\n\t\\'\"";
    for (++at_; at_ < source_.size() && source_[at_] != quote; ++at_) {
      if (source_[at_] != '\\') {
        text += source_[at_];
        continue;
      }
      const size_t known = names.find(charAt(++at_));
      if (known == names.npos || at_ >= source_.size()) {
        return false;
      }
      text += characters[known];
    }
    ++at_;
    return at_ <= source_.size();
  }

  std::string_view source_;
  std::string out_;
  size_t at_ = 0;
  int depth_ = 0;
  bool isLineStart_ = true;
  bool hasBlank_ = false;
};

} // namespace

std::optional<std::string> canonicalJinja(std::string_view jinja) { return Canonical(jinja).run(); }

} // namespace cria::huggingface
