// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The output of `cria inspect` for a package, as text and as JSON.
#pragma once

#include "format/WeightFormat.h"
#include "runtime/package/Package.h"

#include <nlohmann/json.hpp>
#include <string>

namespace cria::cli {

struct InspectDetail {
  bool weights = false;    // list each weight with its recipe
  bool dispatches = false; // list each dispatch of each entry point
};

/// "q8_0, 8.5 bits per weight".
std::string weightFormatText(WeightFormat format);
/// The configuration of the model as lines of text.
std::string modelText(const ModelConfig &model);
/// Which chat template it has: the name of a plugin, "none", or that the checkpoint's own is run.
std::string chatTemplateText(const ChatConfig &chat);

/// The whole report. Errors: those of reading the programs.
StatusOr<std::string> packageText(const Package &package, const InspectDetail &detail);
StatusOr<nlohmann::ordered_json> packageJson(const Package &package);

} // namespace cria::cli
