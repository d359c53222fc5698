// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "CardLines.h"

#include "tests/testing/Process.h"

#include <regex>
#include <sstream>
#include <stdexcept>

namespace cria::test {

std::string CardLine::option(const std::string &name) const {
  const std::regex pattern(" " + name + " ('([^']*)'|(\\S+))");
  std::smatch found;
  return std::regex_search(command, found, pattern) ? found[2].str() + found[3].str() : "";
}

std::vector<int64_t> CardLine::numbers(const std::string &name) const {
  std::vector<int64_t> values;
  std::istringstream list(option(name));
  for (std::string value; std::getline(list, value, ',');) {
    values.push_back(std::stoll(value));
  }
  return values;
}

std::vector<CardLine> readCardLines(const std::string &path) {
  const std::regex pattern("([a-z0-9-]+\\*?) +([1-9][0-9]{0,3}) +(\\S+) +(.+)");
  std::vector<CardLine> lines;
  std::istringstream file(readFile(path));
  for (std::string text; std::getline(file, text);) {
    std::smatch parts;
    if (text.empty() || text[0] == '#') {
      continue;
    }
    if (!std::regex_match(text, parts, pattern)) {
      throw std::runtime_error(path + ": expected NAME SECONDS TOOL COMMAND, got '" + text + "'");
    }
    lines.push_back({parts[1], std::stoi(parts[2]), parts[3], parts[4]});
  }
  return lines;
}

} // namespace cria::test
