// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// readLiterals: the texts that stand in the source of a Jinja template and that the template could write.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cria {

struct TemplateLiterals {
  /// The texts between tags and the strings in expressions, in their order.
  std::vector<std::string> texts;
  /// An expression that is written names the role of a message.
  bool writesRole = false;
};

/// Strings that are compared, that name a member, or that are searched for are not written, and neither are
/// comments. What is not Jinja is text.
TemplateLiterals readLiterals(std::string_view source);

/// The place of the first tag, of {{, {% or {#, from `at` on; the size of the source if there is none.
size_t findTag(std::string_view source, size_t at);

} // namespace cria
