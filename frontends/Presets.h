// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Model shapes known by name, for compiling without a checkpoint.
#pragma once

#include "format/ModelConfig.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cria {

/// The configuration of a name in presetNames(), or nullopt.
std::optional<ModelConfig> findPreset(std::string_view name);
std::vector<std::string> presetNames();

} // namespace cria
