// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The report of a run on a GPU as text.
#include "tools/cria-device-check/KernelSummary.h"
#include "tools/cria-device-check/Summary.h"

#include <map>
#include <set>

namespace cria::check {
namespace {

using nlohmann::ordered_json;

/// Three significant digits, but no fewer than the digits before the point.
std::string numberText(double value) {
  const double magnitude = value < 0 ? -value : value;
  return fmt::format("{:.{}f}", value, magnitude >= 100 ? 0 : magnitude >= 10 ? 1 : magnitude >= 1 ? 2 : 3);
}

std::string rangeText(const ordered_json &predicted, const std::string &device) {
  if (!predicted.contains(device)) {
    return "—";
  }
  const double low = predicted.at(device).at(0).get<double>(),
               high = predicted.at(device).at(1).get<double>();
  return numberText(low) + "–" + numberText(high);
}

std::string textOr(const ordered_json &value, const std::string &otherwise) {
  return value.is_string() ? value.get<std::string>() : value.is_null() ? otherwise : value.dump();
}

std::string machineText(const ordered_json &machine) {
  std::string text;
  for (const auto &[name, value] : machine.items()) {
    text += name == "clocks" ? "" : fmt::format("  {}: {}\n", name, textOr(value, "unknown"));
  }
  return text;
}

std::string clocksText(const std::string &line, const ordered_json &reading) {
  const auto number = [&](const char *name) {
    const bool isKnown = reading.contains(name) && reading.at(name).is_number();
    return isKnown ? fmt::format("{:.0f}", reading.at(name).get<double>()) : "—";
  };
  return fmt::format("  {:<16} {:<10} {:>8} {:>11} {:>7} {:>5}\n", line, reading.value("after", ""),
                     number("sm_megahertz"), number("memory_megahertz"), number("power_watts"),
                     number("temperature_celsius"));
}

/// The readings of all reports of `check`.
std::string clocksTable(const ordered_json &summary) {
  std::string text;
  for (const ordered_json &line : summary.at("lines")) {
    const ordered_json &result = line.at("result");
    const bool isReport =
        result.is_object() && result.contains("machine") && result.at("machine").is_object();
    for (const ordered_json &reading :
         isReport ? result.at("machine").value("clocks", ordered_json::array()) : ordered_json::array()) {
      text += reading.is_object() ? clocksText(line.at("name"), reading) : "";
    }
  }
  return text.empty() ? ""
                      : fmt::format("  {:<16} {:<10} {:>8} {:>11} {:>7} {:>5}\n", "line", "after", "SM MHz",
                                    "memory MHz", "W", "°C") +
                            text;
}

/// The rows of a report of `check`, if the line is one.
ordered_json rowsOf(const ordered_json &line) {
  const ordered_json &result = line.at("result");
  return result.is_object() ? result.value("rows", ordered_json::array()) : ordered_json::array();
}

std::string outcomesText(const ordered_json &line) {
  std::map<std::string, int> counts;
  for (const ordered_json &row : rowsOf(line)) {
    ++counts[row.value("outcome", "")];
  }
  std::string text;
  for (const auto &[outcome, count] : counts) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, outcome);
  }
  return text;
}

std::string lineText(const ordered_json &line) {
  const std::string reason = line.at("reason"), outcomes = outcomesText(line);
  const std::string why = outcomes.empty() || reason.empty() ? outcomes + reason : outcomes + "; " + reason;
  return fmt::format("{:<16} {:<8} {:>8.1f}{}{}\n", line.at("name").get<std::string>(),
                     line.at("outcome").get<std::string>(), line.at("seconds").get<double>(),
                     why.empty() ? "" : "  ", why);
}

/// What a reader has to look at: rows that failed or were skipped. Then what was measured.
std::string rowsText(const ordered_json &summary, bool isMeasured) {
  std::string text;
  for (const ordered_json &line : summary.at("lines")) {
    for (const ordered_json &row : rowsOf(line)) {
      const std::string outcome = row.value("outcome", "");
      if (outcome != "ok" && (outcome == "measured") == isMeasured) {
        text += fmt::format("  {:<10} {:<32} {:<16} {:<8} {}\n", line.at("name").get<std::string>(),
                            row.value("name", ""), row.value("target", ""), outcome, row.value("text", ""));
      }
    }
  }
  return text;
}

/// A row of `cria bench` in one line.
std::string benchText(const std::string &line, const ordered_json &row) {
  const bool isPrefill = row.value("phase", "") == "prefill";
  return fmt::format("  {:<16} {:<8} {:>6} {:>8} {:>6} {:>10}\n", line, row.value("phase", ""),
                     isPrefill ? std::to_string(row.value("tokens", 0)) : "1", row.value("context", 0),
                     row.value("batch", 0), numberText(row.value("tokens_per_second", 0.0)));
}

std::string benchTable(const ordered_json &summary) {
  std::string text;
  for (const ordered_json &line : summary.at("lines")) {
    for (const ordered_json &row : line.at("result").is_array() ? line.at("result") : ordered_json::array()) {
      text += row.is_object() && row.contains("phase") ? benchText(line.at("name"), row) : "";
    }
  }
  return text.empty() ? ""
                      : fmt::format("  {:<16} {:<8} {:>6} {:>8} {:>6} {:>10}\n", "line", "phase", "tokens",
                                    "context", "batch", "tok/s") +
                            text;
}

std::string section(const std::string &title, const std::string &text) {
  return text.empty() ? "" : "\n" + title + "\n" + text;
}

/// One column for each device that some prediction names.
std::set<std::string> devicesIn(const ordered_json &comparisons) {
  std::set<std::string> devices;
  for (const ordered_json &comparison : comparisons) {
    for (const auto &[device, range] : comparison.at("predicted").items()) {
      devices.insert(device);
    }
  }
  return devices;
}

std::string comparisonTable(const ordered_json &comparisons) {
  const std::set<std::string> devices = devicesIn(comparisons);
  std::string text = fmt::format("{:<44} {:<8}", "prediction", "unit");
  for (const std::string &device : devices) {
    text += fmt::format(" {:>13}", device);
  }
  text += fmt::format(" {:>10}  verdict\n", "measured");
  for (const ordered_json &comparison : comparisons) {
    text += fmt::format("{:<44} {:<8}", comparison.at("name").get<std::string>(),
                        comparison.at("unit").get<std::string>());
    for (const std::string &device : devices) {
      text += fmt::format(" {:>13}", rangeText(comparison.at("predicted"), device));
    }
    const ordered_json &measured = comparison.at("measured");
    text += fmt::format(" {:>10}  {}\n", measured.is_null() ? "—" : numberText(measured.get<double>()),
                        textOr(comparison.at("verdict"), "—"));
  }
  return text;
}

} // namespace

std::string summaryTable(const ordered_json &summary) {
  std::string text = "device: " + textOr(summary.at("device"), "unknown") + "\n";
  if (summary.at("machine").is_object()) {
    text += machineText(summary.at("machine"));
  }
  text += fmt::format("\n{:<16} {:<8} {:>8}\n", "line", "outcome", "seconds");
  for (const ordered_json &line : summary.at("lines")) {
    text += lineText(line);
  }
  text += section("rows that failed or were skipped", rowsText(summary, false));
  text += section("measured by check", rowsText(summary, true));
  text += section("clocks, power and temperature", clocksTable(summary));
  text += section("measured by cria bench", benchTable(summary));
  text += kernelTables(summary);
  return text + "\n" + comparisonTable(summary.at("comparisons"));
}

} // namespace cria::check
