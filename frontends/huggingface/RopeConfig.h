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
  /// Positions that these settings hold for.
  int64_t context = 0;
  /// Scaling by the length of the batch, which changes nothing up to `context`.
  bool isDynamic = false;
  std::vector<std::string> notes;
};

/// `maxPositions` is max_position_embeddings. Errors: unsupported for another type, named; invalidArgument.
StatusOr<RopeConfig> parseRopeConfig(JsonObject &config, int64_t maxPositions);

} // namespace cria::huggingface
