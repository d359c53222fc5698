// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which of our chat templates a checkpoint's own one, in the language of Jinja, is.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cria::huggingface {

/// One of our templates with its options, as in chat.json.
struct KnownTemplate {
  std::string name;
  std::vector<std::pair<std::string, std::string>> options;
};

/// nullopt unless the template is, blanks and spelling of strings aside, a published one: a template that
/// only resembles one may write other tokens.
std::optional<KnownTemplate> recognizeChatTemplate(std::string_view jinja);

/// The template in one spelling: tags without blanks and comments, strings in one kind of quotes,
/// message.role for message['role'], text between tags as the whitespace control leaves it. nullopt: not
/// Jinja.
std::optional<std::string> canonicalJinja(std::string_view jinja);

} // namespace cria::huggingface
