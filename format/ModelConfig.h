// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The configuration of a LLaMA model: the "model" member of a package's manifest, shared by compiler and
// runtime.
#pragma once

#include "format/GenerationDefaults.h"
#include "format/RopeScaling.h"
#include "format/StepFields.h"
#include "support/Json.h"
#include "support/Status.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cria {

/// Sizes are in elements. If check() returns ok, every size lies in [1, 2^31 - 1], layers and headDim are
/// at most kMaxLayers and kMaxHeadDim, heads is a multiple of kvHeads, headDim is even, and the number of
/// parameters has at most 63 bits.
struct ModelConfig {
  static constexpr int64_t kMaxLayers = 65536;
  static constexpr int64_t kMaxHeadDim = 1024;              // kernels unroll loops over it
  static constexpr int64_t kMaxContext = cria::kMaxContext; // in positions

  std::string name;
  std::string architecture = "llama";
  int64_t dim = 0, layers = 0, heads = 0, kvHeads = 0, headDim = 0, ffnDim = 0, vocabSize = 0;
  /// The context length of the model in positions, including RoPE scaling.
  int64_t context = 0;
  double normEpsilon = 1e-5;
  double ropeTheta = 10000;
  std::optional<RopeScaling> ropeScaling;
  bool tiedEmbeddings = false;
  /// -1: none.
  int64_t bosId = 1;
  std::vector<int64_t> eosIds = {2};

  bool operator==(const ModelConfig &) const = default;

  /// The number of elements of all weights. Tied embeddings count once.
  int64_t parameters() const;
  /// Checks the configuration. `where` begins the message. Errors: invalidArgument naming the member, what
  /// was expected and found.
  Status check(std::string_view where) const;

  /// Returns the member "model" of a manifest.
  nlohmann::ordered_json toJson() const;
  /// Parses and checks the member "model". Errors: those of check(); invalidArgument for missing and
  /// unknown members and wrong types; unsupported for another architecture.
  static StatusOr<ModelConfig> fromJson(const Json &value, const std::string &where);
};

/// chat.json: the chat template of a checkpoint, and its generation defaults.
struct ChatConfig {
  /// The chat template plugin that renders the template of the checkpoint, and its options by name; nullopt
  /// if there is no such plugin but `jinja`.
  std::optional<std::string> templateName;
  std::vector<std::pair<std::string, std::string>> options;
  /// The Jinja source of the checkpoint's template, if it has one, and the options of the plugin `jinja`.
  std::optional<std::string> source;
  std::vector<std::pair<std::string, std::string>> sourceOptions;
  GenerationDefaults generation;

  bool operator==(const ChatConfig &) const = default;

  nlohmann::ordered_json toJson() const;
  static StatusOr<ChatConfig> fromJson(const Json &value, const std::string &where);
};

} // namespace cria
