// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The configuration files of a Hugging Face checkpoint: config.json and generation_config.json. A feature
// that changes the computation and is not implemented is refused by name.
#pragma once

#include "format/ModelConfig.h"
#include "support/Status.h"

#include <optional>
#include <string>
#include <vector>

namespace cria::huggingface {

struct ParsedConfig {
  /// Not yet checked. `vocabSize` is -1 when it is the number of rows of the embedding.
  ModelConfig model;
  /// Why a context longer than `model.context` is not possible (dynamic RoPE scaling).
  std::optional<std::string> contextLimitReason;
  std::vector<std::string> notes;
};

/// Parses config.json. Errors name `where` and the member.
StatusOr<ParsedConfig> parseConfig(const Json &json, const std::string &where);

/// Parses generation_config.json: stores defaults in `chat` and end-of-sequence ids in `model`, and notes the
/// settings that are not applied. REQUIRES: `model.vocabSize` is known.
Status applyGenerationConfig(const Json &json, const std::string &where, ModelConfig &model, ChatConfig &chat,
                             std::vector<std::string> &notes);

} // namespace cria::huggingface
