// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// LanguageWriter: writes regular languages as GBNF, each character as a JSON string contains it.
#pragma once

#include "plugins/samplers/grammar/Languages.h"

#include <functional>
#include <string>

namespace cria::grammar {

/// Returns a quantifier of GBNF; `maximum` may be Languages::kNoLimit. Errors: throws Languages::TooLarge.
std::string timesOf(uint64_t minimum, uint64_t maximum);

class LanguageWriter {
public:
  /// Adds a rule for an expression and returns its name. A name that is given is used.
  using AddRule = std::function<std::string(const std::string &expression, const std::string &name)>;

  LanguageWriter(Languages &languages, AddRule addRule)
      : languages_(languages), addRule_(std::move(addRule)) {}

  /// Returns GBNF that matches the texts of the language, an operand of a sequence. It refers to the rules
  /// `char` and `control`, and to rules that it adds. Errors: throws Languages::TooLarge.
  std::string write(Languages::Id language);

private:
  std::string expressionOf(Languages::Id language);
  std::string charactersOf(const CharRanges &set);
  std::string loopOf(Languages::Id language);
  std::string automatonOf(Languages::Id language);

  Languages &languages_;
  AddRule addRule_;
  std::map<Languages::Id, std::string> known_;
  std::map<std::vector<std::pair<uint32_t, uint32_t>>, std::string> sets_;
  std::set<Languages::Id> states_; // whose rules are written
};

} // namespace cria::grammar
