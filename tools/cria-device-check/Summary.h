// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// `check summarize`: makes one report of a folder with the results of card/run.sh.
#pragma once

#include "tools/cria-device-check/Predictions.h"

namespace cria::check {

/// Reads the results of the lines in `folder`: NAME.line, and NAME.json or, of a line that was cut,
/// NAME.json.part. Returns the report:
///   device       the name of the GPU, or null
///   machine      what `check` reports of it, or null
///   checks       the number of rows of `check` by outcome
///   lines        in the order of the run: what NAME.line holds, and `result`, what the line has measured, or
///                null; kernels of `cria bench` also have `resident_blocks_per_sm`
///   comparisons  name, unit, predicted (device to [lowest, highest]), measured (or null) and verdict
///                ("within", "below", "above", or null without a measured or a predicted value)
/// Errors: notFound if there is no NAME.line; invalidArgument for one that is not valid; io.
StatusOr<nlohmann::ordered_json> summaryOf(const std::string &folder, const Predictions &predictions);

/// Returns the report as tables of text.
std::string summaryTable(const nlohmann::ordered_json &summary);

/// Writes the report to card.json and card.txt in the folder, and prints the second.
Status summarize(const std::string &folder, const std::string &predictions);

} // namespace cria::check
