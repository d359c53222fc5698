// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The JSON files of a Hugging Face checkpoint: config.json, generation_config.json.
// Every feature that changes the mathematics and is not implemented is refused by name.
#pragma once

#include "format/ModelConfig.h"
#include "support/Status.h"

#include <optional>
#include <string>
#include <vector>

namespace cria::huggingface {

struct ParsedConfig {
  /// `vocabSize` is -1 when it must be taken from the embedding; not check()ed yet.
  ModelConfig model;
  /// Why no context beyond `model.context` is possible (dynamic RoPE scaling).
  std::optional<std::string> contextLimitReason;
  std::vector<std::string> notes;
};

/// Reads the content of config.json. Errors name `where` and the member.
StatusOr<ParsedConfig> parseConfig(const Json &json, const std::string &where);

/// Reads generation_config.json: defaults into `chat`, end-of-sequence ids into `model`, and into `notes`
/// which settings are not applied. The vocabulary size is known.
Status applyGenerationConfig(const Json &json, const std::string &where, ModelConfig &model, ChatConfig &chat,
                             std::vector<std::string> &notes);

} // namespace cria::huggingface
