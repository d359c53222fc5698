// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// generation_config.json: the defaults of sampling, and what ends a text.
#pragma once

#include "format/ModelConfig.h"
#include "support/Json.h"
#include "support/Status.h"

#include <string>
#include <vector>

namespace cria::huggingface {

/// Parses generation_config.json: stores defaults in `chat` and end-of-text ids in `model`, and notes the
/// settings that are not applied. REQUIRES: `model.vocabSize` is known. Errors: invalidArgument.
Status applyGenerationConfig(const Json &json, const std::string &where, ModelConfig &model, ChatConfig &chat,
                             std::vector<std::string> &notes);

/// Notes ids of generation_config.json that nothing reads and that config.json states differently.
void noteOtherIds(const Json &generation, const Json &config, const std::string &where,
                  std::vector<std::string> &notes);

} // namespace cria::huggingface
