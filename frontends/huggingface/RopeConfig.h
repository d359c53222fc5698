// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The RoPE settings of a config.json, in the older form (rope_theta, rope_scaling) and the newer one
// (rope_parameters).
#pragma once

#include "format/ModelConfig.h"
#include "support/Status.h"

#include <optional>
#include <string>
#include <vector>

namespace cria::huggingface {

struct RopeConfig {
  double theta = 0;
  std::optional<RopeScaling> scaling;
  /// Context length for which these settings are valid.
  int64_t context = 0;
  /// The scaling depends on the length of the sequence; it has no effect up to `context`.
  bool isDynamic = false;
  std::vector<std::string> notes;
};

/// `maxPositions` is max_position_embeddings. Errors: unsupported for an unknown type or member, which is
/// named; invalidArgument.
StatusOr<RopeConfig> parseRopeConfig(JsonObject &config, int64_t maxPositions);

} // namespace cria::huggingface
