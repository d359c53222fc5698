// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A recursive-descent parser for GBNF, the grammar notation of llama.cpp: rules `name ::= alternatives`,
// sequences, groups, character classes, the quantifiers * + ? {m} {m,} {m,n}, and # comments. Groups become
// rules of their own, repetitions symbols with bounds.
#include "plugins/samplers/grammar/GbnfTokens.h"
#include "plugins/samplers/grammar/Grammar.h"
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
  Parser(std::string_view text, bool isGenerated, const cria_vocabulary *vocabulary)
      : cursor_(text), isGenerated_(isGenerated), vocabulary_(vocabulary) {}

  Grammar parse(std::string_view rootName) {
    cursor_.take("\xEF\xBB\xBF"); // a byte order mark
    cursor_.skipSpace(true);
    while (!cursor_.atEnd()) {
      parseRule();
      cursor_.skipSpace(true);
    }
    for (const Rule &rule : grammar_.rules) {
      if (rule.alternatives.empty()) {
        cursor_.failAt(rule.at, "rule '" + rule.name + "' is not defined");
      }
    }
    const auto root = names_.find(std::string(rootName));
    if (root == names_.end()) {
      cursor_.failAt(0, "start rule '" + std::string(rootName) + "' is not defined");
    }
    grammar_.root = root->second;
    removeEmptyIterations(grammar_);
    if (isGenerated_ && !removeEndlessAlternatives(grammar_)) {
      throw NoValue();
    }
    if (const std::optional<RuleProblem> problem = findProblem(grammar_)) {
      const Rule &rule = grammar_.rules[problem->rule];
      cursor_.failAt(rule.at, "rule '" + rule.name + "' " + problem->why);
    }
    return std::move(grammar_);
  }

private:
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
      cursor_.failAt(cursor_.at(), "grammar has more than " + std::to_string(kMaxRules) +
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
    const size_t begin = cursor_.at();
    name_ = cursor_.takeName();
    const uint32_t rule = ruleOf(name_, begin);
    if (!grammar_.rules[rule].alternatives.empty()) {
      cursor_.failAt(begin, "rule '" + name_ + "' is defined twice");
    }
    grammar_.rules[rule].at = begin;
    cursor_.skipSpace(false);
    if (!cursor_.take("::=")) {
      cursor_.expected("'::='");
    }
    cursor_.skipSpace(true);
    grammar_.rules[rule].alternatives = parseAlternatives(0);
    if (!cursor_.atEnd() && !cursor_.isNewline()) {
      cursor_.expected("'|' or the end of the line");
    }
  }

  std::vector<Sequence> parseAlternatives(int depth) {
    std::vector<Sequence> alternatives{parseSequence(depth)};
    while (takeBar(depth > 0)) {
      cursor_.skipSpace(true);
      alternatives.push_back(parseSequence(depth));
    }
    return alternatives;
  }

  // Consumes a bar, which may be on the next line.
  bool takeBar(bool isNested) {
    const size_t before = cursor_.at();
    cursor_.skipSpace(true);
    if (cursor_.take("|")) {
      return true;
    }
    if (!isNested) {
      cursor_.moveTo(before);
    }
    return false;
  }

  Sequence parseSequence(int depth) {
    Sequence sequence;
    while (true) {
      cursor_.skipSpace(depth > 0);
      const size_t begin = cursor_.at();
      Sequence item;
      if (!parseItem(depth, item)) {
        return sequence;
      }
      applyQuantifiers(item, begin, depth > 0);
      symbols_ += item.size();
      if (symbols_ > kMaxSymbols) {
        cursor_.failAt(cursor_.at(),
                       "grammar has more than " + std::to_string(kMaxSymbols) + " symbols; simplify it");
      }
      sequence.insert(sequence.end(), item.begin(), item.end());
    }
  }

  bool parseItem(int depth, Sequence &item) {
    if (cursor_.peek() == '"') {
      parseText(item);
    } else if (cursor_.peek() == '[') {
      parseClass(item);
    } else if (cursor_.peek() == '.') {
      cursor_.skip();
      item.push_back(classOf({0, utf8::kLastCharacter}));
    } else if (cursor_.peek() == '(') {
      parseGroup(depth, item);
    } else if (isAtToken(cursor_)) {
      item.push_back(takeTokenSymbol(cursor_, vocabulary_));
    } else if (GbnfCursor::isWord(cursor_.peek())) {
      const size_t begin = cursor_.at();
      item.push_back(reference(ruleOf(cursor_.takeName(), begin)));
    } else if (isGenerated_ && cursor_.take("%distinct")) {
      Symbol condition;
      condition.isDistinct = true;
      condition.minimum = condition.maximum = 0;
      item.push_back(condition);
    } else {
      return false;
    }
    return true;
  }

  void parseText(Sequence &item) {
    cursor_.skip();
    while (cursor_.peek() != '"') {
      if (cursor_.atEnd()) {
        cursor_.expected("'\"' at the end of a literal");
      }
      const uint32_t character = cursor_.takeCharacter();
      item.push_back(classOf({character, character}));
    }
    cursor_.skip();
  }

  // A class without characters, [] or [^], matches the empty text, as in llama.cpp.
  void parseClass(Sequence &item) {
    cursor_.skip();
    Symbol symbol;
    symbol.isNegated = cursor_.take("^");
    while (cursor_.peek() != ']') {
      if (cursor_.atEnd()) {
        cursor_.expected("']' at the end of a character class");
      }
      const uint32_t first = cursor_.takeCharacter();
      uint32_t last = first;
      if (cursor_.peek() == '-' && cursor_.peek(1) != ']') {
        cursor_.skip();
        last = cursor_.takeCharacter();
      }
      if (last < first) {
        cursor_.failAt(cursor_.at(), "invalid range: first character is above the last");
      }
      symbol.ranges.push_back({first, last});
    }
    cursor_.skip();
    std::sort(symbol.ranges.begin(), symbol.ranges.end(),
              [](const auto &a, const auto &b) { return a.first < b.first; });
    if (!symbol.ranges.empty()) {
      item.push_back(std::move(symbol));
    }
  }

  void parseGroup(int depth, Sequence &item) {
    if (depth == kMaxNesting) {
      cursor_.failAt(cursor_.at(),
                     "groups are nested more than " + std::to_string(kMaxNesting) + " levels deep");
    }
    const uint32_t rule = addRule(name_, cursor_.at());
    cursor_.skip();
    cursor_.skipSpace(true);
    grammar_.rules[rule].alternatives = parseAlternatives(depth + 1);
    cursor_.skipSpace(true);
    if (!cursor_.take(")")) {
      cursor_.expected("')'");
    }
    item.push_back(reference(rule));
  }

  // ---- Quantifiers ----

  // Blanks may precede a quantifier; within parentheses, line breaks too.
  void applyQuantifiers(Sequence &item, size_t begin, bool isNested) {
    while (true) {
      cursor_.skipSpace(isNested);
      if (cursor_.take("*")) {
        item = repeat(item, 0, kUnbounded, begin);
      } else if (cursor_.take("+")) {
        item = repeat(item, 1, kUnbounded, begin);
      } else if (cursor_.take("?")) {
        item = repeat(item, 0, 1, begin);
      } else if (cursor_.peek() == '{') {
        const auto [minimum, maximum] = takeBounds(isNested);
        item = repeat(item, minimum, maximum, begin);
      } else {
        return;
      }
    }
  }

  std::pair<uint32_t, uint32_t> takeBounds(bool isNested) {
    cursor_.skip();
    cursor_.skipSpace(isNested);
    const uint32_t minimum = cursor_.takeCount(kMaxRepetitions);
    uint32_t maximum = minimum;
    cursor_.skipSpace(isNested);
    if (cursor_.take(",")) {
      cursor_.skipSpace(isNested);
      maximum = cursor_.peek() == '}' ? kUnbounded : cursor_.takeCount(kMaxRepetitions);
    }
    cursor_.skipSpace(isNested);
    if (!cursor_.take("}")) {
      cursor_.expected("'}'");
    }
    if (maximum < minimum) {
      cursor_.failAt(cursor_.at(), "invalid repetition: maximum is below the minimum");
    }
    return {minimum, maximum};
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

  GbnfCursor cursor_;
  bool isGenerated_; // by a program
  const cria_vocabulary *vocabulary_;
  Grammar grammar_;
  std::map<std::string, uint32_t> names_;
  std::string name_; // name of the rule that is being parsed
  size_t symbols_ = 0;
};

} // namespace

NoValue::NoValue()
    : Refusal(CRIA_STATUS_UNSUPPORTED,
              "JSON Schema: no value conforms to the schema, or none that a grammar can state; see "
              "docs/grammars.md for what is left out") {}

Grammar parseGbnf(std::string_view text, std::string_view rootName, const cria_vocabulary *vocabulary) {
  return Parser(text, /*isGenerated=*/false, vocabulary).parse(rootName);
}
Grammar parseGeneratedGbnf(std::string_view text) {
  return Parser(text, /*isGenerated=*/true, nullptr).parse("root");
}

} // namespace cria::grammar
