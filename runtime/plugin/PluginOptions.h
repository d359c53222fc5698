// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Options of samplers and chat templates: the parser of expressions such as "top_k(40)|top_p(p=0.95)|draw",
// and the check of values against the options that a plugin declares.
// Public: included by runtime/cria.h.
#pragma once

#include "plugins/api/cria_plugin.h"
#include "support/Status.h"

#include <deque>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace cria {

/// The value of an option. A text, as in an expression, is also accepted for a number ("40") or a flag
/// ("true").
using OptionValue = std::variant<std::string, int64_t, double, bool>;
/// Returns the value as text. A floating-point number has the shortest form that parses to the same value.
std::string toString(const OptionValue &value);

/// An option and its value. An empty name stands for the next option in order.
struct PluginArgument {
  std::string name;
  OptionValue value;
  size_t position = std::string::npos;     // of the value in the expression it was parsed from
  size_t namePosition = std::string::npos; // of the name, or of the value if there is no name
};

/// The name of a plugin and its options.
struct PluginSpec {
  std::string name;
  std::vector<PluginArgument> arguments;
  size_t position = std::string::npos; // in the expression it was parsed from
};

/// Parses `spec ('|' spec)*`, where spec = name [ '(' [argument (',' argument)*] ')' ] and
/// argument = [name '='] value. A value is a word, or a "string" with the escapes \" \\ \n \t. Spaces are
/// ignored. All values are texts. Errors: invalidArgument with the expression and a caret under the invalid
/// character.
StatusOr<std::vector<PluginSpec>> parsePluginExpression(std::string_view expression);

/// Returns `text` as a value of an expression: quoted, with escapes.
std::string quoteText(std::string_view text);

/// Returns an invalidArgument error: `message`, a line with the expression, and a line with a caret under
/// `position`.
Status expressionError(std::string_view expression, size_t position, std::string_view message);
/// The same with the message and the code of `status`.
Status locatedIn(std::string_view expression, size_t position, const Status &status);

/// The options argument of a plugin's create(): all declared options in order, with their given or default
/// values. Owns the array and everything that it points to.
class PluginOptions {
public:
  // A move keeps addresses; a copy would point to the original.
  // NOLINTNEXTLINE(performance-noexcept-move-constructor): moving a std::deque may allocate
  PluginOptions(PluginOptions &&) = default;
  PluginOptions &operator=(PluginOptions &&) = default;

  /// Matches the given values to the declared options. where: "sampler top_k", for messages. Errors:
  /// invalidArgument with the option, the accepted values and the given one; notFound with the most similar
  /// names if an option is unknown. *position becomes that of the invalid argument.
  static StatusOr<PluginOptions> check(const cria_option_info *const *declared, uint32_t count,
                                       const std::vector<PluginArgument> &given, std::string_view where,
                                       size_t *position = nullptr);

  const cria_option *const *data() const { return pointers_.data(); }
  uint32_t size() const { return static_cast<uint32_t>(pointers_.size()); }
  /// Returns all options as "k=40", joined by ", ".
  std::string describe() const;

private:
  PluginOptions() = default;
  bool set(const cria_option_info &info, const OptionValue &value, cria_option &out);

  std::deque<OptionValue> values_;
  std::deque<cria_option> options_;
  std::vector<const cria_option *> pointers_;
};

/// Describes the accepted values: "an integer from 1 to 100", "true or false", "a string".
std::string rangeOf(const cria_option_info &option);
/// Returns the default as a value of an expression; empty if the option is required.
std::string defaultOf(const cria_option_info &option);

/// Returns "; did you mean 'x' or 'y'?" if known names are similar to `name`, otherwise
/// "; expected one of 'a', 'b'". Empty if there are no known names.
std::string suggestNames(std::string_view name, const std::vector<std::string> &known);

} // namespace cria
