// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The report of a check of a device: rows, printed as a table and as JSON.
#pragma once

#include "support/Status.h"

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace cria::check {

enum class Outcome { ok, failed, skipped, measured };

struct Row {
  std::string section; // kernel, model, memory, ceiling, speed
  std::string name;
  std::string target;
  Outcome outcome = Outcome::ok;
  std::string text;                // the measured values, or the reason
  nlohmann::ordered_json values{}; // the measured values by name
};

class Report {
public:
  /// Adds a row and prints it at once, so that it is not lost if the device hangs.
  void add(Row row);
  /// Calls keep() after each row. Its first error is printed, and it is not called again.
  void onAdd(std::function<Status()> keep) { keep_ = std::move(keep); }
  bool hasFailed() const;
  /// Returns the number of rows with each outcome, such as "12 ok, 1 FAILED".
  std::string summary() const;
  /// machine: what the check ran on (MachineReport.h).
  nlohmann::ordered_json json(const std::string &device, nlohmann::ordered_json machine) const;

private:
  std::vector<Row> rows_;
  std::function<Status()> keep_;
};

} // namespace cria::check
