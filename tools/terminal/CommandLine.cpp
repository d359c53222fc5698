// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/terminal/CommandLine.h"

#include "tools/terminal/Terminal.h"

#include <algorithm>
#include <charconv>
#include <fmt/ranges.h>
#include <type_traits>

namespace cria::cli {

template <typename Number> static CLI::Validator numberBetween(const char *kind, Number min, Number max) {
  return CLI::Validator(
      [=](std::string &text) {
        Number value = 0;
        const char *end = text.data() + text.size();
        const auto [rest, problem] = std::from_chars(text.data(), end, value);
        const bool isInside = value >= min && value <= max; // false for NaN
        if (problem != std::errc() || rest != end || !isInside) {
          return fmt::format("expected {} from {} to {}, got '{}'", kind, min, max, text);
        }
        if constexpr (std::is_integral_v<Number>) {
          text = std::to_string(value); // without leading zeros, which would mean octal
        }
        return std::string();
      },
      "");
}

CLI::Validator wholeNumber(uint64_t min, uint64_t max) { return numberBetween("an integer", min, max); }
CLI::Validator finiteNumber(double min, double max) { return numberBetween("a number", min, max); }

CLI::Validator oneOf(std::vector<std::string> words) {
  return CLI::Validator(
      [words = std::move(words)](const std::string &text) {
        return std::ranges::find(words, text) != words.end()
                   ? std::string()
                   : fmt::format("expected {}, got '{}'", fmt::join(words, " or "), text);
      },
      "");
}

CLI::Validator notEmpty(std::string what) {
  return CLI::Validator(
      [what = std::move(what)](const std::string &text) {
        return text.empty()
                   ? fmt::format("expected {}, got an empty text; leave the option out for none", what)
                   : std::string();
      },
      "");
}

std::string describeParseError(const CLI::ParseError &problem) {
  const std::string text = problem.what();
  const size_t colon = text.find(':');
  if (problem.get_name() == "ArgumentMismatch" && colon != std::string::npos) {
    return text.substr(0, colon) + ": expected a value, got none";
  }
  return uncapitalize(text);
}

} // namespace cria::cli
