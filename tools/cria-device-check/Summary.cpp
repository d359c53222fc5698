// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cria-device-check/Summary.h"

#include "support/File.h"
#include "support/OutputFile.h"
#include "tools/cria-device-check/KernelSummary.h"

#include <algorithm>
#include <filesystem>
#include <span>

namespace cria::check {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

struct LineResult {
  std::string name;
  int64_t position = 0;
  ordered_json record;
  Json result; // null: it has measured nothing
};

/// What a line has measured. A file that a killed line has left unfinished counts as nothing.
Json readResult(const fs::path &folder, const std::string &name) {
  for (const char *ending : {".json", ".json.part"}) {
    StatusOr<Json> result = readJsonFile((folder / (name + ending)).string());
    if (result.ok()) {
      return std::move(*result);
    }
  }
  return nullptr;
}

StatusOr<LineResult> readLine(const fs::path &file) {
  CRIA_ASSIGN_OR_RETURN(const Json json, readJsonFile(file.string()));
  CRIA_ASSIGN_OR_RETURN(JsonObject object, JsonObject::of(json, file.string()));
  LineResult line;
  CRIA_ASSIGN_OR_RETURN(line.name, object.string("name"));
  CRIA_ASSIGN_OR_RETURN(line.position, object.integer("position", 0, INT32_MAX));
  for (const char *name : {"outcome", "reason", "command", "tool"}) {
    CRIA_RETURN_IF_ERROR(object.string(name).status());
  }
  CRIA_RETURN_IF_ERROR(object.number("seconds").status());
  line.record = json;
  line.result = readResult(file.parent_path(), line.name);
  return line;
}

StatusOr<std::vector<LineResult>> readLines(const std::string &folder) {
  std::vector<LineResult> lines;
  std::error_code unreadable;
  for (const fs::directory_entry &entry : fs::directory_iterator(folder, unreadable)) {
    if (entry.path().extension() == ".line") {
      CRIA_ASSIGN_OR_RETURN(LineResult line, readLine(entry.path()));
      lines.push_back(std::move(line));
    }
  }
  if (lines.empty()) {
    return error(StatusCode::notFound, "{}: expected results of card/run.sh, found no *.line", folder);
  }
  std::sort(lines.begin(), lines.end(),
            [](const LineResult &a, const LineResult &b) { return a.position < b.position; });
  return lines;
}

/// The first member of that name in what the lines have measured: of a report of `check`, or of a row of
/// `cria bench`.
ordered_json findMember(const std::vector<LineResult> &lines, const char *name) {
  for (const LineResult &line : lines) {
    const Json &report = line.result.is_array() && !line.result.empty() ? line.result.front() : line.result;
    if (report.is_object() && report.contains(name) && !report.at(name).is_null()) {
      return report.at(name);
    }
  }
  return nullptr;
}

ordered_json deviceOf(const std::vector<LineResult> &lines) {
  const ordered_json checked = findMember(lines, "device");
  return checked.is_string() ? checked : findMember(lines, "machine");
}

ordered_json countChecks(const std::vector<LineResult> &lines) {
  ordered_json counts = {{"ok", 0}, {"FAILED", 0}, {"skipped", 0}, {"measured", 0}};
  for (const LineResult &line : lines) {
    for (const Json &row :
         line.result.is_object() ? line.result.value("rows", Json::array()) : Json::array()) {
      const std::string outcome = row.is_object() ? row.value("outcome", "") : "";
      if (counts.contains(outcome)) {
        counts[outcome] = counts[outcome].get<int64_t>() + 1;
      }
    }
  }
  return counts;
}

/// A name of the machine is a string in rows of `cria bench`, and an object in reports of `check`.
ordered_json machineOf(const std::vector<LineResult> &lines) {
  for (const LineResult &line : lines) {
    if (line.result.is_object() && line.result.contains("machine") && line.result.at("machine").is_object()) {
      return line.result.at("machine");
    }
  }
  return nullptr;
}

const char *verdictOf(double measured, const PredictedRange &range) {
  return measured < range.low ? "below" : measured > range.high ? "above" : "within";
}

ordered_json compare(const Prediction &prediction, const std::string &device, const LineResults &results) {
  const std::optional<double> measured = measuredValue(prediction, results);
  auto predicted = ordered_json::object();
  for (const auto &[name, range] : prediction.ranges) {
    predicted[name] = {range.low, range.high};
  }
  const auto range = prediction.ranges.find(device);
  const bool isComparable = measured && range != prediction.ranges.end();
  return {
      {"name", prediction.name},
      {"unit", prediction.unit},
      {"predicted", std::move(predicted)},
      {"measured", measured ? ordered_json(*measured) : ordered_json(nullptr)},
      {"verdict", isComparable ? ordered_json(verdictOf(*measured, range->second)) : ordered_json(nullptr)}};
}

ordered_json recordsOf(const std::vector<LineResult> &lines, const ordered_json &machine) {
  auto records = ordered_json::array();
  for (const LineResult &line : lines) {
    ordered_json result = line.result;
    addResidentBlocks(machine, result);
    records.push_back(line.record);
    records.back()["result"] = std::move(result);
  }
  return records;
}

ordered_json comparisonsOf(const std::vector<LineResult> &lines, const ordered_json &device,
                           const Predictions &predictions) {
  LineResults results;
  for (const LineResult &line : lines) {
    results[line.name] = line.result;
  }
  const std::string known = predictions.deviceIn(device.is_string() ? device.get<std::string>() : "");
  auto comparisons = ordered_json::array();
  for (const Prediction &prediction : predictions.all) {
    comparisons.push_back(compare(prediction, known, results));
  }
  return comparisons;
}

Status write(const fs::path &path, const std::string &text) {
  CRIA_ASSIGN_OR_RETURN(OutputFile file, OutputFile::create(path.string()));
  CRIA_RETURN_IF_ERROR(file.append(std::as_bytes(std::span(text))));
  return file.finish();
}

} // namespace

StatusOr<ordered_json> summaryOf(const std::string &folder, const Predictions &predictions) {
  CRIA_ASSIGN_OR_RETURN(const std::vector<LineResult> lines, readLines(folder));
  const ordered_json device = deviceOf(lines), machine = machineOf(lines);
  return ordered_json{{"device", device},
                      {"machine", machine},
                      {"checks", countChecks(lines)},
                      {"lines", recordsOf(lines, machine)},
                      {"comparisons", comparisonsOf(lines, device, predictions)}};
}

Status summarize(const std::string &folder, const std::string &predictionsFile) {
  CRIA_ASSIGN_OR_RETURN(const Predictions predictions, readPredictions(predictionsFile));
  CRIA_ASSIGN_OR_RETURN(const ordered_json summary, summaryOf(folder, predictions));
  const std::string table = summaryTable(summary);
  CRIA_RETURN_IF_ERROR(write(fs::path(folder) / "card.json", printJson(summary)));
  CRIA_RETURN_IF_ERROR(write(fs::path(folder) / "card.txt", table));
  fmt::print("{}", table);
  return {};
}

} // namespace cria::check
