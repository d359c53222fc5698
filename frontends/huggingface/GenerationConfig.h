// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// generation_config.json: the defaults of sampling, and what ends a text.
#pragma once

#include "format/ModelConfig.h"
#include "support/Json.h"
#include "support/Status.h"

#include <string>
#include <vector>

namespace cria::huggingface {

/// Replaces the end-of-text ids of `model` with those that generation_config.json states. REQUIRES:
/// `model.vocabSize` is known. Errors: invalidArgument.
Status applyEosIds(const Json &json, const std::string &where, ModelConfig &model,
                   std::vector<std::string> &notes);

/// Reads the defaults as `generate` of transformers applies them. Notes the settings that it would apply and
/// Cria does not. Errors: invalidArgument.
StatusOr<GenerationDefaults> readGenerationDefaults(const Json &json, const std::string &where,
                                                    const ModelConfig &model,
                                                    std::vector<std::string> &notes);

/// Notes ids of generation_config.json that nothing reads and that config.json states differently.
void noteOtherIds(const Json &generation, const Json &config, const std::string &where,
                  std::vector<std::string> &notes);

} // namespace cria::huggingface
