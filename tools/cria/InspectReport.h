// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What `cria inspect` says of a package, as text and as JSON.
#pragma once

#include "runtime/package/Package.h"

#include <nlohmann/json.hpp>
#include <string>

namespace cria::cli {

struct InspectDetail {
  bool weights = false;    // every weight with its recipe
  bool dispatches = false; // every dispatch of every entry
};

/// The model's configuration, one line a property.
std::string modelText(const ModelConfig &model);

/// Everything about a package. Errors: those of reading its programs.
StatusOr<std::string> packageText(const Package &package, const InspectDetail &detail);
StatusOr<nlohmann::ordered_json> packageJson(const Package &package);

} // namespace cria::cli
