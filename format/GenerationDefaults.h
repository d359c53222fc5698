// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The defaults of generation that a checkpoint states in generation_config.json, and that a package keeps in
// chat.json under the same names.
#pragma once

#include "support/Json.h"
#include "support/Status.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cria {

/// nullopt stands for the default of Cria.
struct GenerationDefaults {
  std::optional<double> temperature, topP, minP, typicalP, repetitionPenalty;
  std::optional<int64_t> topK, maxNewTokens, minNewTokens;
  std::optional<bool> doSample;
  std::vector<std::string> stopTexts; // end a text, as the checkpoint's end-of-text ids do

  bool operator==(const GenerationDefaults &) const = default;

  /// The names of all members in JSON.
  static std::vector<std::string_view> names();
  /// Returns whether the member has an effect only where tokens are drawn at random.
  static bool isOfSampling(std::string_view name);
  /// Reads one of names() from an object; absent and null leave it without a value. Errors: invalidArgument
  /// for a value that no sampler accepts.
  Status readMember(JsonObject &object, std::string_view name);
  /// Returns the members that have a value.
  nlohmann::ordered_json toJson() const;
};

} // namespace cria
