// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The figures that a model of the GPU predicts, to be compared with what the lines of card/run.sh measure.
// card/predictions.json holds them.
#pragma once

#include "support/Json.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace cria::check {

/// Where a measured value is: a line of the run, and steps from its JSON to the number. A step is the name of
/// a member, or an object that selects the first element of an array with these members. A string that
/// begins with '~' is part of the member's value.
struct ValuePlace {
  std::string line;
  std::vector<Json> steps;
};

struct PredictedRange {
  double low = 0, high = 0;
};

struct Prediction {
  std::string name, unit;
  std::map<std::string, PredictedRange> ranges; // by device of Predictions::devices
  ValuePlace value;
  std::optional<ValuePlace> over; // the value is a ratio to this one
  double scale = 1;               // from what is measured to `unit`
};

struct Predictions {
  std::vector<std::string> devices; // parts of the names of devices, as "H200"
  std::vector<Prediction> all;

  /// Returns the device whose name is part of `name`; empty if there is none.
  std::string deviceIn(std::string_view name) const;
};

/// Errors: those of readJsonFile() and JsonObject.
StatusOr<Predictions> readPredictions(const std::string &path);

/// The JSON that each line has measured, by the line's name.
using LineResults = std::map<std::string, Json>;

/// Returns the measured value of a prediction in its unit; nothing if it was not measured.
std::optional<double> measuredValue(const Prediction &prediction, const LineResults &results);

} // namespace cria::check
