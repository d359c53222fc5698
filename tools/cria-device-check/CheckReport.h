// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the check of a device found: rows of one table, and of one JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace cria::check {

enum class Outcome { ok, failed, skipped, measured };

struct Row {
  std::string section; // kernel, model, memory, speed
  std::string name;
  std::string target;
  Outcome outcome = Outcome::ok;
  std::string text;                // the numbers, or the reason
  nlohmann::ordered_json values{}; // the numbers by name
};

class Report {
public:
  /// Prints the row at once, so that nothing is lost when a device goes away.
  void add(Row row);
  bool hasFailed() const;
  /// How many rows had each outcome.
  std::string summary() const;
  nlohmann::ordered_json json(const std::string &device) const;

private:
  std::vector<Row> rows_;
};

} // namespace cria::check
