// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "ProfileReport.h"

#include "tools/terminal/JsonOutput.h"

namespace cria::cli {
namespace {

double numberOf(uint64_t value) { return static_cast<double>(value); }

double totalNanoseconds(const std::vector<ProfileRow> &rows) {
  double total = 0;
  for (const ProfileRow &row : rows) {
    total += numberOf(row.nanoseconds);
  }
  return total;
}

double meanNanoseconds(const ProfileRow &row) { return numberOf(row.nanoseconds) / numberOf(row.calls); }

double shareOfTotal(const ProfileRow &row, double total) {
  return total == 0 ? 0 : numberOf(row.nanoseconds) / total;
}

nlohmann::ordered_json profileRow(const ProfileRow &row, double total) {
  return {{"name", row.name},
          {"entry", row.entry},
          {"dispatches", row.calls},
          {"nanoseconds", row.nanoseconds},
          {"nanoseconds_per_dispatch", meanNanoseconds(row)},
          {"share", shareOfTotal(row, total)},
          {"bytes_read", row.bytesRead},
          {"bytes_written", row.bytesWritten},
          {"gigabytes_per_second", gigabytesPerSecond(row)}};
}

} // namespace

double gigabytesPerSecond(const ProfileRow &row) { // bytes per nanosecond
  return row.nanoseconds == 0 ? 0 : numberOf(row.bytes()) / numberOf(row.nanoseconds);
}

std::string profileTable(const std::vector<ProfileRow> &rows) {
  const double total = totalNanoseconds(rows);
  std::string text =
      fmt::format("{:<10} {:<48} {:>10} {:>10} {:>10} {:>7} {:>10} {:>10} {:>8}\n", "entry", "kernel",
                  "dispatches", "ms", "µs each", "share", "MB read", "MB written", "GB/s");
  for (const ProfileRow &row : rows) {
    text +=
        fmt::format("{:<10} {:<48} {:>10} {:>10.2f} {:>10.2f} {:>6.1f}% {:>10.2f} {:>10.2f} {:>8.2f}\n",
                    row.entry, row.name, row.calls, numberOf(row.nanoseconds) / 1e6,
                    meanNanoseconds(row) / 1e3, shareOfTotal(row, total) * 100, numberOf(row.bytesRead) / 1e6,
                    numberOf(row.bytesWritten) / 1e6, gigabytesPerSecond(row));
  }
  return text;
}

std::string profileJson(const LoadedModel &opened, const std::vector<ProfileRow> &rows) {
  const Manifest &manifest = opened.package().manifest();
  nlohmann::ordered_json json = {{"model", manifest.model.name},
                                 {"target", opened.model().targetName()},
                                 {"backend", opened.model().backendName()},
                                 {"weights", manifest.options.weights},
                                 {"kv", manifest.options.kv},
                                 {"machine", opened.model().deviceName()},
                                 {"version", CRIA_VERSION}};
  const double total = totalNanoseconds(rows);
  json["kernels"] = nlohmann::ordered_json::array();
  for (const ProfileRow &row : rows) {
    json["kernels"].push_back(profileRow(row, total));
  }
  return jsonText(json, 2);
}

} // namespace cria::cli
