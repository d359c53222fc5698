// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The lines that card/run.sh runs, for tests.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cria::test {

/// A line of card.lines or rehearse.lines.
struct CardLine {
  std::string name; // ends in '*' if it stands for all variants
  int seconds = 0;
  std::string tool;
  std::string command;

  /// Returns the value of an option of the command without quotes; empty if it is absent.
  std::string option(const std::string &name) const;
  /// The value of an option as numbers separated by commas.
  std::vector<int64_t> numbers(const std::string &name) const;
  bool runs(const std::string &text) const { return command.find(text) != std::string::npos; }
};

/// Reads a file of lines. Errors: throws std::runtime_error for a line that run.sh would refuse.
std::vector<CardLine> readCardLines(const std::string &path);

} // namespace cria::test
