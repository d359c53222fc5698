// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How a model scales the frequencies of its RoPE: the member "rope_scaling" of a manifest.
#pragma once

#include "support/Json.h"
#include "support/Status.h"

#include <cstdint>

namespace cria {

struct RopeScaling {
  enum class Kind { linear, llama3, yarn };
  Kind kind = Kind::linear;
  double factor = 1;
  // llama3 only.
  double lowFreqFactor = 1, highFreqFactor = 1;
  // llama3 and yarn.
  int64_t originalContext = 0;
  // yarn only: rotations within the original context above which a frequency is kept, and below which it is
  // divided; what multiplies the cosines and sines; whether the limits are rounded to whole dimensions.
  double betaFast = 32, betaSlow = 1;
  double attentionFactor = 1;
  bool truncate = true;

  bool operator==(const RopeScaling &) const = default;

  /// Checks the members of its kind. `where` begins the message. Errors: invalidArgument naming the member.
  Status check(std::string_view where) const;

  nlohmann::ordered_json toJson() const;
  /// Errors: invalidArgument for missing and unknown members and wrong types; unsupported for another type.
  /// Ranges are left to check().
  static StatusOr<RopeScaling> fromJson(JsonObject object);
};

} // namespace cria
