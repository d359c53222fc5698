// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A recursive-descent parser for GBNF, the grammar notation of llama.cpp: rules `name ::= alternatives`,
// sequences, groups, character classes, the quantifiers * + ? {m} {m,} {m,n}, and # comments. Groups become
// rules of their own, repetitions symbols with bounds.
#include "plugins/samplers/grammar/Grammar.h"
#include "plugins/sdk/cria_plugin.hpp"
#include "plugins/sdk/cria_utf8.hpp"

#include <algorithm>
#include <map>

namespace cria::grammar {
namespace {

constexpr uint32_t kMaxRepetitions = 1'000'000'000;
constexpr size_t kMaxRules = 200000;
constexpr size_t kMaxSymbols = 1'000'000; // of all rules together
constexpr int kMaxNesting = 200;          // levels of groups

class Parser {
public:
  explicit Parser(std::string_view text) : text_(text) {}

  Grammar parse(std::string_view rootName, bool dropsEndless) {
    take("\xEF\xBB\xBF"); // a byte order mark
    skipSpace(true);
    while (!atEnd()) {
      parseRule();
      skipSpace(true);
    }
    for (const Rule &rule : grammar_.rules) {
      if (rule.alternatives.empty()) {
        failAt(rule.at, "rule '" + rule.name + "' is not defined");
      }
    }
    const auto root = names_.find(std::string(rootName));
    if (root == names_.end()) {
      failAt(0, "start rule '" + std::string(rootName) + "' is not defined");
    }
    grammar_.root = root->second;
    removeEmptyIterations(grammar_);
    if (dropsEndless && !removeEndlessAlternatives(grammar_)) {
      failAt(0, "grammar matches no text");
    }
    if (const std::optional<RuleProblem> problem = findProblem(grammar_)) {
      const Rule &rule = grammar_.rules[problem->rule];
      failAt(rule.at, "rule '" + rule.name + "' " + problem->why);
    }
    return std::move(grammar_);
  }

private:
  // ---- Characters ----

  bool atEnd() const { return at_ == text_.size(); }
  char peek() const { return atEnd() ? '\0' : text_[at_]; }
  bool take(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) {
      return false;
    }
    at_ += word.size();
    return true;
  }

  [[noreturn]] void failAt(size_t at, const std::string &what) const {
    const std::string_view before = text_.substr(0, at);
    const size_t newline = before.rfind('\n');
    const std::string_view line = newline == before.npos ? before : before.substr(newline + 1);
    throw plugin::Refusal(CRIA_STATUS_INVALID_ARGUMENT,
                          "line " + std::to_string(std::count(before.begin(), before.end(), '\n') + 1) +
                              ", column " + std::to_string(plugin::countCharacters(line) + 1) + ": " + what);
  }
  [[noreturn]] void expected(const std::string &what) const {
    failAt(at_,
           "expected " + what + ", got " + (atEnd() ? "the end" : "'" + std::string(1, text_[at_]) + "'"));
  }

  void skipSpace(bool withNewlines) {
    while (!atEnd()) {
      if (peek() == '#') {
        at_ = std::min(text_.find_first_of("\r\n", at_), text_.size());
      } else if (peek() == ' ' || peek() == '\t' || (withNewlines && isNewline())) {
        ++at_;
      } else {
        return;
      }
    }
  }

  bool isNewline() const { return peek() == '\n' || peek() == '\r'; }

  static bool isWord(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  }
  std::string takeName() {
    const size_t begin = at_;
    while (!atEnd() && isWord(peek())) {
      ++at_;
    }
    if (at_ == begin) {
      expected("a rule name");
    }
    return std::string(text_.substr(begin, at_ - begin));
  }

  uint32_t takeHex(int digits) {
    uint32_t value = 0;
    for (int i = 0; i < digits; ++i) {
      const std::string_view hex = "0123456789abcdef";
      const size_t digit =
          atEnd() ? hex.npos : hex.find(static_cast<char>(std::tolower(static_cast<unsigned char>(peek()))));
      if (digit == hex.npos) {
        expected(std::to_string(digits) + " hexadecimal digits");
      }
      value = value * 16 + static_cast<uint32_t>(digit);
      ++at_;
    }
    return value;
  }

  uint32_t takeEscape() {
    ++at_; // the backslash
    const std::string_view names = "nrt\\\"[]-^", values = "\n\r\t\\\"[]-^";
    const char name = peek();
    if (const size_t index = atEnd() ? names.npos : names.find(name); index != names.npos) {
      ++at_;
      return static_cast<uint8_t>(values[index]);
    }
    const int digits = name == 'x' ? 2 : name == 'u' ? 4 : name == 'U' ? 8 : 0;
    if (digits == 0) {
      expected("n, r, t, x, u, U, \\, \", [ or ] after a backslash");
    }
    ++at_;
    const uint32_t character = takeHex(digits);
    if (character > utf8::kLastCharacter) {
      failAt(at_, "code point is above U+10FFFF");
    }
    return character;
  }

  uint32_t takeCharacter() {
    if (peek() == '\\') {
      return takeEscape();
    }
    const std::optional<plugin::DecodedCharacter> decoded = plugin::decodeUtf8(text_, at_);
    if (!decoded) {
      expected("UTF-8");
    }
    at_ += decoded->size;
    return decoded->character;
  }

  // ---- Rules ----

  // Returns the index of a rule, which may not be defined yet.
  uint32_t ruleOf(const std::string &name, size_t at) {
    const auto [found, isNew] = names_.emplace(name, static_cast<uint32_t>(grammar_.rules.size()));
    if (isNew) {
      addRule(name, at);
    }
    return found->second;
  }
  uint32_t addRule(const std::string &name, size_t at) {
    if (grammar_.rules.size() == kMaxRules) {
      failAt(at_, "grammar has more than " + std::to_string(kMaxRules) +
                      " rules, including those for repetitions and groups; simplify it");
    }
    grammar_.rules.push_back({name, {}, at});
    return static_cast<uint32_t>(grammar_.rules.size() - 1);
  }
  static Symbol reference(uint32_t rule) {
    Symbol symbol;
    symbol.isRule = true;
    symbol.rule = rule;
    return symbol;
  }

  static Symbol classOf(CharRange range) {
    Symbol symbol;
    symbol.ranges = {range};
    return symbol;
  }

  void parseRule() {
    const size_t begin = at_;
    name_ = takeName();
    const uint32_t rule = ruleOf(name_, begin);
    if (!grammar_.rules[rule].alternatives.empty()) {
      failAt(begin, "rule '" + name_ + "' is defined twice");
    }
    grammar_.rules[rule].at = begin;
    skipSpace(false);
    if (!take("::=")) {
      expected("'::='");
    }
    skipSpace(true);
    grammar_.rules[rule].alternatives = parseAlternatives(0);
    if (peek() == '<' || peek() == '!') {
      failAt(at_, "tokens in a grammar, such as <[13]> and !<text>, are not supported; write their text");
    }
    if (!atEnd() && !isNewline()) {
      expected("'|' or the end of the line");
    }
  }

  std::vector<Sequence> parseAlternatives(int depth) {
    std::vector<Sequence> alternatives{parseSequence(depth)};
    while (takeBar(depth > 0)) {
      skipSpace(true);
      alternatives.push_back(parseSequence(depth));
    }
    return alternatives;
  }

  // Consumes a bar, which may be on the next line.
  bool takeBar(bool isNested) {
    const size_t before = at_;
    skipSpace(true);
    if (take("|")) {
      return true;
    }
    at_ = isNested ? at_ : before;
    return false;
  }

  Sequence parseSequence(int depth) {
    Sequence sequence;
    while (true) {
      skipSpace(depth > 0);
      const size_t begin = at_;
      Sequence item;
      if (!parseItem(depth, item)) {
        return sequence;
      }
      applyQuantifiers(item, begin, depth > 0);
      symbols_ += item.size();
      if (symbols_ > kMaxSymbols) {
        failAt(at_, "grammar has more than " + std::to_string(kMaxSymbols) + " symbols; simplify it");
      }
      sequence.insert(sequence.end(), item.begin(), item.end());
    }
  }

  bool parseItem(int depth, Sequence &item) {
    if (peek() == '"') {
      parseText(item);
    } else if (peek() == '[') {
      parseClass(item);
    } else if (peek() == '.') {
      ++at_;
      item.push_back(classOf({0, utf8::kLastCharacter}));
    } else if (peek() == '(') {
      parseGroup(depth, item);
    } else if (isWord(peek())) {
      const size_t begin = at_;
      item.push_back(reference(ruleOf(takeName(), begin)));
    } else {
      return false;
    }
    return true;
  }

  void parseText(Sequence &item) {
    ++at_;
    while (peek() != '"') {
      if (atEnd()) {
        expected("'\"' at the end of a literal");
      }
      const uint32_t character = takeCharacter();
      item.push_back(classOf({character, character}));
    }
    ++at_;
  }

  // A class without characters, [] or [^], matches the empty text, as in llama.cpp.
  void parseClass(Sequence &item) {
    ++at_;
    Symbol symbol;
    symbol.isNegated = take("^");
    while (peek() != ']') {
      if (atEnd()) {
        expected("']' at the end of a character class");
      }
      const uint32_t first = takeCharacter();
      uint32_t last = first;
      if (peek() == '-' && at_ + 1 < text_.size() && text_[at_ + 1] != ']') {
        ++at_;
        last = takeCharacter();
      }
      if (last < first) {
        failAt(at_, "invalid range: first character is above the last");
      }
      symbol.ranges.push_back({first, last});
    }
    ++at_;
    std::sort(symbol.ranges.begin(), symbol.ranges.end(),
              [](const auto &a, const auto &b) { return a.first < b.first; });
    if (!symbol.ranges.empty()) {
      item.push_back(std::move(symbol));
    }
  }

  void parseGroup(int depth, Sequence &item) {
    if (depth == kMaxNesting) {
      failAt(at_, "groups are nested more than " + std::to_string(kMaxNesting) + " levels deep");
    }
    const uint32_t rule = addRule(name_, at_);
    ++at_;
    skipSpace(true);
    grammar_.rules[rule].alternatives = parseAlternatives(depth + 1);
    skipSpace(true);
    if (!take(")")) {
      expected("')'");
    }
    item.push_back(reference(rule));
  }

  // ---- Quantifiers ----

  // Blanks may precede a quantifier; within parentheses, line breaks too.
  void applyQuantifiers(Sequence &item, size_t begin, bool isNested) {
    while (true) {
      skipSpace(isNested);
      if (take("*")) {
        item = repeat(item, 0, kUnbounded, begin);
      } else if (take("+")) {
        item = repeat(item, 1, kUnbounded, begin);
      } else if (take("?")) {
        item = repeat(item, 0, 1, begin);
      } else if (peek() == '{') {
        const auto [minimum, maximum] = takeBounds(isNested);
        item = repeat(item, minimum, maximum, begin);
      } else {
        return;
      }
    }
  }

  std::pair<uint32_t, uint32_t> takeBounds(bool isNested) {
    ++at_;
    skipSpace(isNested);
    const uint32_t minimum = takeCount();
    uint32_t maximum = minimum;
    skipSpace(isNested);
    if (take(",")) {
      skipSpace(isNested);
      maximum = peek() == '}' ? kUnbounded : takeCount();
    }
    skipSpace(isNested);
    if (!take("}")) {
      expected("'}'");
    }
    if (maximum < minimum) {
      failAt(at_, "invalid repetition: maximum is below the minimum");
    }
    return {minimum, maximum};
  }

  uint32_t takeCount() {
    const size_t begin = at_;
    uint64_t count = 0;
    while (!atEnd() && peek() >= '0' && peek() <= '9' && count <= kMaxRepetitions) {
      count = count * 10 + static_cast<uint64_t>(peek() - '0');
      ++at_;
    }
    if (at_ == begin || count > kMaxRepetitions) {
      at_ = begin;
      expected("a number from 0 to " + std::to_string(kMaxRepetitions));
    }
    return static_cast<uint32_t>(count);
  }

  // A repetition of one symbol is that symbol with bounds; anything else becomes a rule first.
  Sequence repeat(const Sequence &item, uint32_t minimum, uint32_t maximum, size_t begin) {
    if (item.empty() || maximum == 0) {
      return {};
    }
    Symbol symbol = item.front();
    if (item.size() > 1 || symbol.minimum != 1 || symbol.maximum != 1) {
      const uint32_t rule = addRule(name_, begin);
      grammar_.rules[rule].alternatives = {item};
      symbols_ += item.size();
      symbol = reference(rule);
    }
    symbol.minimum = minimum;
    symbol.maximum = maximum;
    return {std::move(symbol)};
  }

  std::string_view text_;
  size_t at_ = 0;
  Grammar grammar_;
  std::map<std::string, uint32_t> names_;
  std::string name_; // name of the rule that is being parsed
  size_t symbols_ = 0;
};

} // namespace

Grammar parseGbnf(std::string_view text, std::string_view rootName) {
  return Parser(text).parse(rootName, /*dropsEndless=*/false);
}
Grammar parseGeneratedGbnf(std::string_view text) {
  return Parser(text).parse("root", /*dropsEndless=*/true);
}

} // namespace cria::grammar
