// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A recursive-descent parser for GBNF, the grammar notation of llama.cpp: rules `name ::= alternatives`,
// sequences, groups, character classes, the quantifiers * + ? {m} {m,} {m,n}, and # comments. Groups and
// repetitions become rules of their own.
#include "plugins/samplers/grammar/Grammar.h"
#include "plugins/sdk/cria_plugin.hpp"
#include "plugins/sdk/cria_utf8.hpp"

#include <algorithm>
#include <map>

namespace cria::grammar {
namespace {

constexpr uint32_t kMaxRepetitions = 2000;
constexpr size_t kMaxRules = 50000;
constexpr size_t kMaxSymbols = 500000; // of all rules together
constexpr int kMaxNesting = 200;       // levels of groups

class Parser {
public:
  explicit Parser(std::string_view text) : text_(text) {}

  Grammar parse(std::string_view rootName) {
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
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (peek() == ' ' || peek() == '\t' || peek() == '\r' || (withNewlines && peek() == '\n')) {
        ++at_;
      } else {
        return;
      }
    }
  }

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
    return {.isRule = true, .rule = rule, .ranges = {}, .isNegated = false};
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
    if (!atEnd() && peek() != '\n') {
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
      applyQuantifiers(item, begin);
      symbols_ += item.size();
      if (symbols_ > kMaxSymbols) {
        refuseSize();
      }
      sequence.insert(sequence.end(), item.begin(), item.end());
    }
  }

  [[noreturn]] void refuseSize() const {
    failAt(at_, "grammar has more than " + std::to_string(kMaxSymbols) +
                    " symbols after its repetitions are expanded; repeat fewer times");
  }

  bool parseItem(int depth, Sequence &item) {
    if (peek() == '"') {
      parseText(item);
    } else if (peek() == '[') {
      item.push_back(parseClass());
    } else if (peek() == '.') {
      ++at_;
      item.push_back({.ranges = {{0, utf8::kLastCharacter}}});
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
      if (atEnd() || peek() == '\n') {
        expected("'\"' at the end of a literal");
      }
      const uint32_t character = takeCharacter();
      item.push_back({.ranges = {{character, character}}});
    }
    ++at_;
  }

  Symbol parseClass() {
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
    return symbol;
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

  void applyQuantifiers(Sequence &item, size_t begin) {
    while (true) {
      if (take("*")) {
        item = repeat(item, 0, std::nullopt, begin);
      } else if (take("+")) {
        item = repeat(item, 1, std::nullopt, begin);
      } else if (take("?")) {
        item = repeat(item, 0, 1, begin);
      } else if (peek() == '{') {
        const auto [minimum, maximum] = takeBounds();
        item = repeat(item, minimum, maximum, begin);
      } else {
        return;
      }
    }
  }

  std::pair<uint32_t, std::optional<uint32_t>> takeBounds() {
    ++at_;
    skipSpace(false);
    const uint32_t minimum = takeCount();
    std::optional<uint32_t> maximum = minimum;
    skipSpace(false);
    if (take(",")) {
      skipSpace(false);
      maximum = peek() == '}' ? std::nullopt : std::optional(takeCount());
    }
    skipSpace(false);
    if (!take("}")) {
      expected("'}'");
    }
    if (maximum && *maximum < minimum) {
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

  // Expands a repetition: x{2,4} to x x (x (x)?)?, and x{2,} to x x r with r ::= x r | "".
  Sequence repeat(const Sequence &item, uint32_t minimum, std::optional<uint32_t> maximum, size_t begin) {
    if (item.size() * (maximum ? *maximum : minimum + 1) > kMaxSymbols) {
      refuseSize();
    }
    if (item.empty()) {
      return {};
    }
    Sequence result;
    for (uint32_t i = 0; i < minimum; ++i) {
      result.insert(result.end(), item.begin(), item.end());
    }
    if (!maximum) {
      const uint32_t rule = addRule(name_, begin);
      Sequence again = item;
      again.push_back(reference(rule));
      grammar_.rules[rule].alternatives = {std::move(again), {}};
      result.push_back(reference(rule));
      return result;
    }
    std::optional<uint32_t> inner;
    for (uint32_t i = minimum; i < *maximum; ++i) {
      const uint32_t rule = addRule(name_, begin);
      Sequence once = item;
      if (inner) {
        once.push_back(reference(*inner));
      }
      grammar_.rules[rule].alternatives = {std::move(once), {}};
      symbols_ += item.size();
      inner = rule;
    }
    if (inner) {
      result.push_back(reference(*inner));
    }
    return result;
  }

  std::string_view text_;
  size_t at_ = 0;
  Grammar grammar_;
  std::map<std::string, uint32_t> names_;
  std::string name_; // name of the rule that is being parsed
  size_t symbols_ = 0;
};

} // namespace

Grammar parseGbnf(std::string_view text, std::string_view rootName) { return Parser(text).parse(rootName); }

} // namespace cria::grammar
