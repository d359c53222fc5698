// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cria-device-check/CheckReport.h"

#include <algorithm>
#include <cstdio>
#include <fmt/format.h>

namespace cria::check {

static const char *textOf(Outcome outcome) {
  switch (outcome) {
  case Outcome::ok:
    return "ok";
  case Outcome::failed:
    return "FAILED";
  case Outcome::skipped:
    return "skipped";
  case Outcome::measured:
    return "measured";
  }
  __builtin_unreachable(); // not an enumerator
}

void Report::add(Row row) {
  fmt::print("{:<8} {:<36} {:<16} {:<9} {}\n", row.section, row.name, row.target, textOf(row.outcome),
             row.text);
  std::fflush(stdout);
  rows_.push_back(std::move(row));
  if (const Status kept = keep_ ? keep_() : Status(); !kept.ok()) {
    fmt::print(stderr, "warning: {}\n", kept.message());
    keep_ = nullptr;
  }
}

bool Report::hasFailed() const {
  return std::any_of(rows_.begin(), rows_.end(),
                     [](const Row &row) { return row.outcome == Outcome::failed; });
}

std::string Report::summary() const {
  std::string text;
  for (const Outcome outcome : {Outcome::ok, Outcome::failed, Outcome::skipped, Outcome::measured}) {
    const auto count =
        std::count_if(rows_.begin(), rows_.end(), [&](const Row &row) { return row.outcome == outcome; });
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, textOf(outcome));
  }
  return text;
}

nlohmann::ordered_json Report::json(const std::string &device, nlohmann::ordered_json machine) const {
  auto rows = nlohmann::ordered_json::array();
  for (const Row &row : rows_) {
    nlohmann::ordered_json value = {{"section", row.section},
                                    {"name", row.name},
                                    {"target", row.target},
                                    {"outcome", textOf(row.outcome)},
                                    {"text", row.text}};
    if (!row.values.is_null()) {
      value["values"] = row.values;
    }
    rows.push_back(std::move(value));
  }
  return {{"device", device},
          {"version", CRIA_VERSION},
          {"machine", std::move(machine)},
          {"rows", std::move(rows)}};
}

} // namespace cria::check
