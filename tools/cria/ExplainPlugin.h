// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Describes a plugin: options of samplers and chat templates, devices of backends.
#pragma once

#include "runtime/plugin/PluginRegistry.h"

#include <nlohmann/json.hpp>

namespace cria::cli {

/// One object for each plugin of a name ("top_k", or "sampler:top_k"). Errors: notFound with the nearest
/// names; those of loading the plugin.
StatusOr<nlohmann::ordered_json> explainPlugins(PluginRegistry &registry, const std::string &name);

/// The same as text.
std::string textOfExplanations(const nlohmann::ordered_json &explanations);

} // namespace cria::cli
