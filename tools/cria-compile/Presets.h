// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Model shapes known by name, for compiling without a checkpoint.
#pragma once

#include "format/ModelConfig.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cria {

/// llama-2-7b, llama-2-13b, llama-2-34b, llama-2-70b, tinyllama-1.1b, stories-260k; nullopt for any other
/// name.
std::optional<ModelConfig> findPreset(std::string_view name);
std::vector<std::string> presetNames();

} // namespace cria
