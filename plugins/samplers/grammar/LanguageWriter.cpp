// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/samplers/grammar/LanguageWriter.h"

#include <cctype>
#include <cstdio>

namespace cria::grammar {
namespace {

/// Characters that a JSON string contains only as an escape (including 0x7F here), and surrogates.
const CharRanges kNotPlain = {{0, 0x1F}, {'"', '"'}, {'\\', '\\'}, {0x7F, 0x7F}, {0xD800, 0xDFFF}};
/// Characters without a short escape, which the rule `control` matches.
const CharRanges kControls = {{0, 7}, {0x0B, 0x0B}, {0x0E, 0x1F}, {0x7F, 0x7F}};
constexpr std::pair<char, char> kJsonEscapes[] = {{'"', '"'},  {'\\', '\\'}, {'\b', 'b'}, {'\f', 'f'},
                                                  {'\n', 'n'}, {'\r', 'r'},  {'\t', 't'}};
constexpr size_t kShort = 48; // bytes of an expression that is repeated rather than made a rule

/// Returns a character as a class of GBNF contains it.
std::string classCharacter(uint32_t character) {
  if (character < 0x80 && std::isalnum(static_cast<int>(character)) != 0) {
    return {static_cast<char>(character)};
  }
  char text[16];
  std::snprintf(text, sizeof(text), "\\U%08X", character);
  return text;
}

/// Returns GBNF that matches one character of the set as it is written in a JSON string.
std::string grammarOf(const CharRanges &set) {
  std::string expression;
  int numChoices = 0;
  const auto add = [&](const std::string &choice) {
    expression += (numChoices++ == 0 ? "" : " | ") + choice;
  };
  if (const CharRanges plain = set.without(kNotPlain); !plain.empty()) {
    std::string characters;
    for (const auto &[first, last] : plain.ranges()) {
      characters += classCharacter(first) + (first == last ? "" : "-" + classCharacter(last));
    }
    add("[" + characters + "]");
  }
  for (const auto &[character, name] : kJsonEscapes) {
    if (set.contains(static_cast<uint32_t>(character))) {
      add(name == '"' || name == '\\' ? std::string("\"\\\\\\") + name + "\""
                                      : std::string("\"\\\\") + name + "\"");
    }
  }
  const bool hasAllControls = kControls.without(set).empty();
  if (hasAllControls) {
    add("control");
  }
  for (uint32_t character = 0; character < 0x80 && !hasAllControls; ++character) {
    if (kControls.contains(character) && set.contains(character)) {
      char text[16];
      std::snprintf(text, sizeof(text), "\"\\\\u%04x\"", character);
      add(text);
    }
  }
  return numChoices == 1 ? expression : "(" + expression + ")";
}

} // namespace

std::string timesOf(uint64_t minimum, uint64_t maximum) {
  constexpr uint64_t kMost = 1'000'000'000; // of GBNF; fewer iterations than allowed
  if (minimum > kMost) {
    throw Languages::TooLarge();
  }
  const std::string high = maximum == Languages::kNoLimit ? "" : std::to_string(std::min(maximum, kMost));
  return "{" + std::to_string(minimum) + "," + high + "}";
}

std::string LanguageWriter::write(Languages::Id language) {
  const auto found = known_.find(language);
  if (found != known_.end()) {
    return found->second;
  }
  std::string expression = expressionOf(language);
  if (expression.size() > kShort) {
    expression = addRule_(expression, "");
  }
  return known_[language] = expression;
}

std::string LanguageWriter::charactersOf(const CharRanges &set) {
  if (set.complement().without({{0xD800, 0xDFFF}}).empty()) {
    return "char"; // with every way to write a character
  }
  std::string &known = sets_[set.ranges()];
  if (known.empty()) {
    known = grammarOf(set);
    known = known.size() > kShort ? addRule_(known, "") : known;
  }
  return known;
}

std::string LanguageWriter::expressionOf(Languages::Id language) {
  if (language == Languages::kNothing) {
    return automatonOf(language);
  }
  if (language == Languages::kEmptyText) {
    return "\"\"";
  }
  if (language == Languages::kAnyText) {
    return "char*";
  }
  const Languages::Node &node = languages_.node(language);
  switch (node.kind) {
  case Languages::Kind::characters:
    return charactersOf(node.set);
  case Languages::Kind::sequence: {
    std::string expression = write(node.parts[0]);
    Languages::Id rest = node.parts[1];
    for (; languages_.node(rest).kind == Languages::Kind::sequence; rest = languages_.node(rest).parts[1]) {
      expression += " " + write(languages_.node(rest).parts[0]);
    }
    return expression + " " + write(rest);
  }
  case Languages::Kind::choice: {
    std::string expression;
    for (const Languages::Id part : node.parts) {
      expression += (expression.empty() ? "(" : " | ") + write(part);
    }
    return expression + ")";
  }
  case Languages::Kind::repetition:
    if (const std::string automaton = loopOf(language); !automaton.empty()) {
      return automaton;
    }
    return "(" + write(node.parts[0]) + ")" + timesOf(node.low, node.high);
  case Languages::Kind::both:
  case Languages::Kind::complement:
  case Languages::Kind::multiple:
    return automatonOf(language);
  }
  return "";
}

/// Returns the automaton of a repetition of repetitions, which has one parse of each text; empty if the
/// language is no such repetition, or its automaton too large.
std::string LanguageWriter::loopOf(Languages::Id language) {
  const Languages::Node &node = languages_.node(language);
  if (!node.isPlain || languages_.node(node.parts[0]).longest != Languages::kNoLimit) {
    return "";
  }
  try {
    return automatonOf(language);
  } catch (const Languages::TooLarge &) {
    return "";
  }
}

/// Writes a rule for each state: its texts are a character followed by a text of the next state. Automata
/// share the rules of states that accept the same language.
std::string LanguageWriter::automatonOf(Languages::Id language) {
  const auto nameOf = [](Languages::Id id) { return "a" + std::to_string(id); };
  const Automaton automaton = languages_.automatonOf(language);
  if (automaton.states.empty() && states_.insert(language).second) {
    addRule_(nameOf(language), nameOf(language)); // matches no finite text
  }
  for (const Automaton::State &state : automaton.states) {
    if (!states_.insert(state.language).second) {
      continue;
    }
    std::string expression = state.isFinal ? "\"\"" : "";
    for (const auto &[set, target] : state.next) {
      expression += (expression.empty() ? "" : " | ") + charactersOf(set) + " " +
                    nameOf(automaton.states[target].language);
    }
    addRule_(expression, nameOf(state.language));
  }
  return nameOf(language);
}

} // namespace cria::grammar
