// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Recognizes the Jinja chat template of a checkpoint as one that a template plugin renders.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cria::huggingface {

/// A template plugin with its options, as in chat.json.
struct KnownTemplate {
  std::string name;
  std::vector<std::pair<std::string, std::string>> options;
};

/// Returns nullopt unless canonicalJinja() gives the same text for the template and a published one: a
/// template that only resembles it may write other tokens.
std::optional<KnownTemplate> recognizeChatTemplate(std::string_view jinja);

/// Returns the template in canonical spelling: without comments and blanks in tags, strings with one kind of
/// quotes, message.role for message['role'], and the text between tags after whitespace control. Returns
/// nullopt if it is not Jinja.
std::optional<std::string> canonicalJinja(std::string_view jinja);

} // namespace cria::huggingface
