// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The configuration files of a Hugging Face checkpoint: config.json and generation_config.json. A feature
// that changes the computation and is not implemented is refused by name.
#pragma once

#include "format/ModelConfig.h"
#include "support/Json.h"
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

/// Returns the ids of a member that is a token id, a list of them, or null. An id that no token has is left
/// out with a note. vocabSize: -1 if it is not known. Errors: invalidArgument.
StatusOr<std::vector<int64_t>> readIds(JsonObject &object, std::string_view name, int64_t vocabSize,
                                       std::vector<std::string> &notes);

} // namespace cria::huggingface
