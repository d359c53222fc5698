// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cria-device-check/Predictions.h"

#include <algorithm>

namespace cria::check {
namespace {

StatusOr<std::vector<std::string>> readStrings(JsonObject &object, const char *name) {
  std::vector<std::string> texts;
  CRIA_ASSIGN_OR_RETURN(const Json *list, object.array(name));
  for (const Json &text : *list) {
    if (!text.is_string()) {
      return object.mismatch(name, "an array of strings");
    }
    texts.push_back(text.get<std::string>());
  }
  return texts;
}

StatusOr<ValuePlace> readPlace(JsonObject place) {
  ValuePlace result;
  CRIA_ASSIGN_OR_RETURN(result.line, place.string("line"));
  CRIA_ASSIGN_OR_RETURN(const Json *steps, place.array("steps"));
  for (const Json &step : *steps) {
    if (!step.is_string() && !step.is_object()) {
      return place.mismatch("steps", "names of members and objects");
    }
    result.steps.push_back(step);
  }
  CRIA_RETURN_IF_ERROR(place.finish());
  return result;
}

/// What all predictions of a file share.
struct Common {
  std::vector<std::string> devices;
  double tolerance = 0; // of a prediction that is one number, as a fraction of it
};

/// A number, or an array of the lowest and the highest.
StatusOr<PredictedRange> readRange(JsonObject &ranges, const std::string &device, double tolerance) {
  const Json &range = *ranges.find(device);
  if (range.is_number()) {
    return PredictedRange{range.get<double>() * (1 - tolerance), range.get<double>() * (1 + tolerance)};
  }
  if (!range.is_array() || range.size() != 2 || !range[0].is_number() || !range[1].is_number()) {
    return ranges.mismatch(device, "a number or [lowest, highest]");
  }
  return PredictedRange{range[0].get<double>(), range[1].get<double>()};
}

Status readRanges(JsonObject ranges, const Common &common, Prediction &prediction) {
  for (const std::string &device : common.devices) {
    if (ranges.has(device)) {
      CRIA_ASSIGN_OR_RETURN(prediction.ranges[device], readRange(ranges, device, common.tolerance));
    }
  }
  return ranges.finish();
}

StatusOr<Prediction> readPrediction(JsonObject object, const Common &common) {
  Prediction prediction;
  CRIA_ASSIGN_OR_RETURN(prediction.name, object.string("name"));
  CRIA_ASSIGN_OR_RETURN(prediction.unit, object.string("unit"));
  CRIA_ASSIGN_OR_RETURN(JsonObject ranges, object.object("predicted"));
  CRIA_RETURN_IF_ERROR(readRanges(std::move(ranges), common, prediction));
  CRIA_ASSIGN_OR_RETURN(JsonObject value, object.object("value"));
  CRIA_ASSIGN_OR_RETURN(prediction.value, readPlace(std::move(value)));
  if (object.has("over")) {
    CRIA_ASSIGN_OR_RETURN(JsonObject over, object.object("over"));
    CRIA_ASSIGN_OR_RETURN(prediction.over, readPlace(std::move(over)));
  }
  if (object.has("scale")) {
    CRIA_ASSIGN_OR_RETURN(prediction.scale, object.number("scale"));
  }
  CRIA_RETURN_IF_ERROR(object.finish());
  return prediction;
}

bool matches(const Json &wanted, const Json &found) {
  const std::string text = wanted.is_string() ? wanted.get<std::string>() : "";
  if (text.rfind('~', 0) == 0 && found.is_string()) {
    return found.get<std::string>().find(text.substr(1)) != std::string::npos;
  }
  return wanted == found;
}

bool matchesAll(const Json &wanted, const Json &element) {
  return element.is_object() &&
         std::all_of(wanted.items().begin(), wanted.items().end(), [&](const auto &item) {
           return element.contains(item.key()) && matches(item.value(), element.at(item.key()));
         });
}

/// Returns the part of `from` that a step leads to; null if there is none.
const Json *follow(const Json &from, const Json &step) {
  if (step.is_string()) {
    const std::string name = step.get<std::string>();
    return from.is_object() && from.contains(name) ? &from.at(name) : nullptr;
  }
  const auto found =
      std::find_if(from.begin(), from.end(), [&](const Json &element) { return matchesAll(step, element); });
  return from.is_array() && found != from.end() ? &*found : nullptr;
}

std::optional<double> valueAt(const ValuePlace &place, const LineResults &results) {
  const auto line = results.find(place.line);
  const Json *value = line == results.end() ? nullptr : &line->second;
  for (const Json &step : place.steps) {
    value = value == nullptr ? nullptr : follow(*value, step);
  }
  return value != nullptr && value->is_number() ? std::optional(value->get<double>()) : std::nullopt;
}

} // namespace

std::string Predictions::deviceIn(std::string_view name) const {
  const auto found = std::find_if(devices.begin(), devices.end(), [&](const std::string &device) {
    return name.find(device) != std::string_view::npos;
  });
  return found == devices.end() ? "" : *found;
}

StatusOr<Predictions> readPredictions(const std::string &path) {
  CRIA_ASSIGN_OR_RETURN(const Json json, readJsonFile(path));
  CRIA_ASSIGN_OR_RETURN(JsonObject file, JsonObject::of(json, path));
  Common common;
  CRIA_ASSIGN_OR_RETURN(common.devices, readStrings(file, "devices"));
  CRIA_ASSIGN_OR_RETURN(common.tolerance, file.number("tolerance"));
  Predictions predictions{.devices = common.devices, .all = {}};
  CRIA_ASSIGN_OR_RETURN(const Json *all, file.array("predictions"));
  for (size_t i = 0; i < all->size(); ++i) {
    CRIA_ASSIGN_OR_RETURN(JsonObject object,
                          JsonObject::of((*all)[i], fmt::format("{}: predictions[{}]", path, i)));
    CRIA_ASSIGN_OR_RETURN(Prediction prediction, readPrediction(std::move(object), common));
    predictions.all.push_back(std::move(prediction));
  }
  CRIA_RETURN_IF_ERROR(file.finish());
  return predictions;
}

std::optional<double> measuredValue(const Prediction &prediction, const LineResults &results) {
  const std::optional<double> value = valueAt(prediction.value, results);
  const std::optional<double> over = prediction.over ? valueAt(*prediction.over, results) : 1;
  return value && over && *over != 0 ? std::optional(*value / *over * prediction.scale) : std::nullopt;
}

} // namespace cria::check
