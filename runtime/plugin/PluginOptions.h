// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Options of samplers and chat templates: expressions such as "top_k(40)|top_p(p=0.95)|draw", and the check
// of given values against what a plugin declares.
#pragma once

#include "plugins/api/cria_plugin.h"
#include "support/Status.h"

#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace cria {

/// One argument as written. An empty name is positional.
struct PluginArgument {
  std::string name;
  std::string value;
  size_t position = 0;     // of the value's first character in the expression
  size_t namePosition = 0; // of the name's, or of the value's where there is none
};

struct PluginCallExpression {
  std::string name;
  std::vector<PluginArgument> arguments;
  size_t position = 0;
};

/// `call ('|' call)*`, call = name [ '(' [argument (',' argument)*] ')' ], argument = [name '='] value; a
/// value is a word or a "string" with \" \\ \n \t. Spaces between are ignored. Errors: invalidArgument with
/// the expression and a caret under the character.
StatusOr<std::vector<PluginCallExpression>> parsePluginExpression(std::string_view expression);

/// A text as a value of an expression: in quotes, with escapes.
std::string quoteText(std::string_view text);

/// "message" with the expression on the next line and a caret under `position` on the one after.
Status expressionError(std::string_view expression, size_t position, std::string_view message);
/// The same from a status, with its code.
Status locatedIn(std::string_view expression, size_t position, const Status &status);

/// The options a plugin's create() gets: all declared ones in order, given or default. Owns what the array
/// points to.
class PluginOptions {
public:
  PluginOptions(PluginOptions &&) = default; // moves keep addresses; a copy would point into the original
  PluginOptions &operator=(PluginOptions &&) = default;

  /// declared: the plugin's options. where: "sampler top_k" for messages. Errors: invalidArgument naming the
  /// option, what it takes and what was found, and the nearest name of an unknown one; position: of the
  /// argument concerned.
  static StatusOr<PluginOptions> check(const cria_option_info *const *declared, uint32_t count,
                                       const std::vector<PluginArgument> &given, std::string_view where,
                                       size_t *position = nullptr);

  const cria_option *const *data() const { return pointers_.data(); }
  uint32_t size() const { return static_cast<uint32_t>(pointers_.size()); }
  /// "k=40" joined by ", ".
  std::string describe() const;

private:
  PluginOptions() = default;

  std::deque<std::string> texts_;
  std::deque<cria_option> options_;
  std::vector<const cria_option *> pointers_;
};

/// "a whole number from 1 to 100", "true or false", "a text".
std::string rangeOf(const cria_option_info &option);
/// The default as an expression would have it; empty: the option must be given.
std::string defaultOf(const cria_option_info &option);

/// "; did you mean 'x' or 'y'?" for names near `name`, else "; known are a, b, c". Empty when there are no
/// names.
std::string suggestNames(std::string_view name, const std::vector<std::string> &known);

} // namespace cria
