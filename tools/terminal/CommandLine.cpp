// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/terminal/CommandLine.h"

#include "tools/terminal/Terminal.h"

#include <charconv>
#include <cmath>
#include <fmt/format.h>

namespace cria::cli {

CLI::Validator wholeNumber(uint64_t min, uint64_t max) {
  return CLI::Validator(
      [min, max](std::string &text) {
        uint64_t value = 0;
        const char *end = text.data() + text.size();
        const auto [rest, problem] = std::from_chars(text.data(), end, value);
        if (problem != std::errc() || rest != end || value < min || value > max) {
          return fmt::format("expected an integer from {} to {}, got '{}'", min, max, text);
        }
        text = std::to_string(value); // without leading zeros, which would mean octal
        return std::string();
      },
      "");
}

CLI::Validator finiteNumber(double min, double max) {
  return CLI::Validator(
      [min, max](std::string &text) {
        double value = 0;
        const char *end = text.data() + text.size();
        const auto [rest, problem] = std::from_chars(text.data(), end, value);
        const bool isInside = value >= min && value <= max; // false for NaN
        return problem == std::errc() && rest == end && isInside
                   ? std::string()
                   : fmt::format("expected a number from {} to {}, got '{}'", min, max, text);
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
