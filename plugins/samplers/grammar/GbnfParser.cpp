// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// GBNF, the grammar notation of llama.cpp: rules `name ::= alternatives`, sequences, groups, character
// classes, the quantifiers * + ? {m} {m,} {m,n}, and # comments.
#include "plugins/samplers/grammar/Grammar.h"
#include "plugins/sdk/cria_plugin.hpp"
#include "plugins/sdk/cria_utf8.hpp"

#include <algorithm>
#include <map>

namespace cria::grammar {
namespace {

constexpr uint32_t kMostRepetitions = 2000;
constexpr size_t kMostRules = 50000;
constexpr size_t kMostSymbols = 500000; // of all rules together
constexpr int kMostNesting = 200;       // of groups

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
      failAt(0, "expected a rule '" + std::string(rootName) + "', where texts begin");
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
           "expected " + what + ", found " + (atEnd() ? "the end" : "'" + std::string(1, text_[at_]) + "'"));
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
      expected("the name of a rule");
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
    if (character > plugin::kLastCharacter) {
      expected("a character up to U+10FFFF before this");
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

  uint32_t ruleOf(const std::string &name, size_t at) {
    const auto [found, isNew] = names_.emplace(name, static_cast<uint32_t>(grammar_.rules.size()));
    if (isNew) {
      addRule(name, at);
    }
    return found->second;
  }
  uint32_t addRule(const std::string &name, size_t at) {
    if (grammar_.rules.size() == kMostRules) {
      expected("at most " + std::to_string(kMostRules) +
               " rules, with those of repetitions and groups, before this");
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
      at_ = begin;
      expected("a rule '" + name_ + "' once");
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

  // A bar may begin the next line.
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
      if (symbols_ > kMostSymbols) {
        expected("a smaller grammar: its repetitions are written out, and it has more than " +
                 std::to_string(kMostSymbols) + " symbols");
      }
      sequence.insert(sequence.end(), item.begin(), item.end());
    }
  }

  bool parseItem(int depth, Sequence &item) {
    if (peek() == '"') {
      parseText(item);
    } else if (peek() == '[') {
      item.push_back(parseClass());
    } else if (peek() == '.') {
      ++at_;
      item.push_back({.ranges = {{0, plugin::kLastCharacter}}});
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
        expected("'\"' at the end of a text");
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
        expected("']' at the end of a class");
      }
      const uint32_t first = takeCharacter();
      uint32_t last = first;
      if (peek() == '-' && at_ + 1 < text_.size() && text_[at_ + 1] != ']') {
        ++at_;
        last = takeCharacter();
      }
      if (last < first) {
        expected("a range that ascends before this");
      }
      symbol.ranges.push_back({first, last});
    }
    ++at_;
    std::sort(symbol.ranges.begin(), symbol.ranges.end(),
              [](const auto &a, const auto &b) { return a.first < b.first; });
    return symbol;
  }

  void parseGroup(int depth, Sequence &item) {
    if (depth == kMostNesting) {
      expected("groups in at most " + std::to_string(kMostNesting) + " levels");
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
        const auto [least, most] = takeBounds();
        item = repeat(item, least, most, begin);
      } else {
        return;
      }
    }
  }

  std::pair<uint32_t, std::optional<uint32_t>> takeBounds() {
    ++at_;
    skipSpace(false);
    const uint32_t least = takeCount();
    std::optional<uint32_t> most = least;
    skipSpace(false);
    if (take(",")) {
      skipSpace(false);
      most = peek() == '}' ? std::nullopt : std::optional(takeCount());
    }
    skipSpace(false);
    if (!take("}")) {
      expected("'}'");
    }
    if (most && *most < least) {
      expected("a repetition of at least " + std::to_string(least) + " times before this");
    }
    return {least, most};
  }

  uint32_t takeCount() {
    const size_t begin = at_;
    uint64_t count = 0;
    while (!atEnd() && peek() >= '0' && peek() <= '9' && count <= kMostRepetitions) {
      count = count * 10 + static_cast<uint64_t>(peek() - '0');
      ++at_;
    }
    if (at_ == begin || count > kMostRepetitions) {
      at_ = begin;
      expected("a number from 0 to " + std::to_string(kMostRepetitions));
    }
    return static_cast<uint32_t>(count);
  }

  // x{2,4} is x x (x (x)?)?, and x{2,} is x x r with r ::= x r | nothing.
  Sequence repeat(const Sequence &item, uint32_t least, std::optional<uint32_t> most, size_t begin) {
    if (item.size() * (most ? *most : least + 1) > kMostSymbols) {
      expected("a smaller grammar: repetitions are written out");
    }
    if (item.empty()) {
      return {};
    }
    Sequence result;
    for (uint32_t i = 0; i < least; ++i) {
      result.insert(result.end(), item.begin(), item.end());
    }
    if (!most) {
      const uint32_t rule = addRule(name_, begin);
      Sequence again = item;
      again.push_back(reference(rule));
      grammar_.rules[rule].alternatives = {std::move(again), {}};
      result.push_back(reference(rule));
      return result;
    }
    std::optional<uint32_t> inner;
    for (uint32_t i = least; i < *most; ++i) {
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
  std::string name_; // of the rule that is read
  size_t symbols_ = 0;
};

} // namespace

Grammar parseGbnf(std::string_view text, std::string_view rootName) { return Parser(text).parse(rootName); }

} // namespace cria::grammar
