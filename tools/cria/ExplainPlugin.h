// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a plugin can be told and what it offers: options of samplers and chat templates, devices of backends.
#pragma once

#include "runtime/plugin/PluginRegistry.h"

#include <nlohmann/json.hpp>

namespace cria::cli {

/// Every plugin of that name ("top_k", or "sampler:top_k"), one object each. Errors: notFound with the
/// nearest names; why it cannot be loaded.
StatusOr<nlohmann::ordered_json> explainPlugins(PluginRegistry &registry, const std::string &name);

/// The same for people.
std::string textOfExplanations(const nlohmann::ordered_json &explanations);

} // namespace cria::cli
