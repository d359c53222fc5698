// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// TemplateMarks: whether a chat template could write a token, by its source alone.
#pragma once

#include "format/TemplateLiterals.h"

#include <string>
#include <string_view>
#include <unordered_set>

namespace cria {

/// The texts of a template in the forms in which they become parts of names.
class TemplateMarks {
public:
  explicit TemplateMarks(std::string_view source) : TemplateMarks(readLiterals(source)) {}
  TemplateMarks(const TemplateMarks &) = delete;
  TemplateMarks &operator=(const TemplateMarks &) = delete;

  /// Returns whether one of the texts contains the name, or whether texts and roles can be joined to it: the
  /// end of one, others as a whole, and the beginning of one, as "<|", "user" and "|>". No part ends within a
  /// word.
  bool mentions(std::string_view name) const;

private:
  explicit TemplateMarks(TemplateLiterals literals);
  void addParts(std::string_view text);
  bool isJoined(std::string_view name) const;

  TemplateLiterals literals_;
  std::unordered_set<std::string_view> whole_, ends_, beginnings_; // views of literals_
};

} // namespace cria
