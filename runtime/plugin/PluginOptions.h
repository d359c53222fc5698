// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Options of samplers and chat templates: the language of expressions such as
// "top_k(40)|top_p(p=0.95)|draw", and the check of values against the options that a plugin declares.
#pragma once

#include "plugins/api/cria_plugin.h"
#include "support/Status.h"

#include <deque>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace cria {

/// The value of an option. Text is what an expression or a file of settings has: an option that takes a
/// number or a flag reads it ("40", "true").
using OptionValue = std::variant<std::string, int64_t, double, bool>;
/// The value as text; floating point numbers in the shortest form that reads back equal.
std::string toString(const OptionValue &value);

/// An option and its value. An empty name stands for the next option in order.
struct PluginArgument {
  std::string name;
  OptionValue value;
  size_t position = std::string::npos;     // of the value in the expression it was parsed from
  size_t namePosition = std::string::npos; // of the name, or of the value if there is no name
};

/// A plugin by its name, with options.
struct PluginSpec {
  std::string name;
  std::vector<PluginArgument> arguments;
  size_t position = std::string::npos; // in the expression it was parsed from
};

/// Parses `spec ('|' spec)*`, where spec = name [ '(' [argument (',' argument)*] ')' ] and
/// argument = [name '='] value. A value is a word or a "string" with \" \\ \n \t. Spaces are ignored. All values are text.
/// Errors: invalidArgument with the expression and a caret under the character.
StatusOr<std::vector<PluginSpec>> parsePluginExpression(std::string_view expression);

/// Text as a value of an expression: in quotes, with escapes.
std::string quoteText(std::string_view text);

/// "message" with the expression on the next line and a caret under `position` on the one after.
Status expressionError(std::string_view expression, size_t position, std::string_view message);
/// The same from a status, with its code.
Status locatedIn(std::string_view expression, size_t position, const Status &status);

/// The options that a plugin's create() gets: all declared ones in order, each with the given value or its
/// default. Owns what the array points to.
class PluginOptions {
public:
  PluginOptions(PluginOptions &&) = default; // moves keep addresses; a copy would point into the original
  PluginOptions &operator=(PluginOptions &&) = default;

  /// declared: the plugin's options. where: "sampler top_k", for messages. Errors: invalidArgument with the
  /// option, the values it takes and the value found; notFound with the nearest names of an unknown option.
  /// *position becomes that of the argument at fault.
  static StatusOr<PluginOptions> check(const cria_option_info *const *declared, uint32_t count,
                                       const std::vector<PluginArgument> &given, std::string_view where,
                                       size_t *position = nullptr);

  const cria_option *const *data() const { return pointers_.data(); }
  uint32_t size() const { return static_cast<uint32_t>(pointers_.size()); }
  /// "k=40" joined by ", ".
  std::string describe() const;

private:
  PluginOptions() = default;
  bool set(const cria_option_info &info, const OptionValue &value, cria_option &out);

  std::deque<OptionValue> values_;
  std::deque<cria_option> options_;
  std::vector<const cria_option *> pointers_;
};

/// "a whole number from 1 to 100", "true or false", "a text".
std::string rangeOf(const cria_option_info &option);
/// The default as a value of an expression; empty: the option is required.
std::string defaultOf(const cria_option_info &option);

/// "; did you mean 'x' or 'y'?" if known names are similar to `name`, else "; known are a, b, c". Empty if
/// there are no known names.
std::string suggestNames(std::string_view name, const std::vector<std::string> &known);

} // namespace cria
