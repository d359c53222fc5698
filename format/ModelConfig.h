// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The configuration of a LLaMA model: the "model" member of a package's manifest, shared by compiler and
// runtime.
#pragma once

#include "format/StepFields.h"
#include "support/Json.h"
#include "support/Status.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cria {

struct RopeScaling {
  enum class Kind { linear, llama3 };
  Kind kind = Kind::linear;
  double factor = 1;
  // llama3 only.
  double lowFreqFactor = 1, highFreqFactor = 1;
  int64_t originalContext = 0;

  bool operator==(const RopeScaling &) const = default;
};

/// Sizes count elements. A configuration that passed check() has every size in 1..2^31-1, layers and
/// headDim up to their kMax, heads a multiple of kvHeads, an even headDim, and a parameter count that fits 63
/// bits.
struct ModelConfig {
  static constexpr int64_t kMaxLayers = 65536;
  static constexpr int64_t kMaxHeadDim = 1024;              // kernels are unrolled over it
  static constexpr int64_t kMaxContext = cria::kMaxContext; // positions of a sequence

  std::string name;
  std::string architecture = "llama";
  int64_t dim = 0, layers = 0, heads = 0, kvHeads = 0, headDim = 0, ffnDim = 0, vocabSize = 0;
  /// Positions the model was made for, RoPE scaling included.
  int64_t context = 0;
  double normEpsilon = 1e-5;
  double ropeTheta = 10000;
  std::optional<RopeScaling> ropeScaling;
  bool tiedEmbeddings = false;
  /// -1: none.
  int64_t bosId = 1;
  std::vector<int64_t> eosIds = {2};

  bool operator==(const ModelConfig &) const = default;

  /// Elements of all weights; tied embeddings once.
  int64_t parameters() const;
  /// Errors: invalidArgument naming the member, what was expected and what it is; `where` starts the message.
  Status check(std::string_view where) const;

  /// The manifest's "model" member.
  nlohmann::ordered_json toJson() const;
  /// Reads and checks it; refuses missing, extra and ill-typed members by name.
  static StatusOr<ModelConfig> fromJson(const Json &value, const std::string &where);
};

/// What a checkpoint's generation_config.json asks for; an empty member means the default.
struct GenerationDefaults {
  std::optional<double> temperature, topP;
  std::optional<int64_t> topK, maxNewTokens;
  std::optional<bool> doSample;

  bool operator==(const GenerationDefaults &) const = default;
  /// Errors: invalidArgument naming the member that no sampler takes; `where` starts the message.
  Status check(std::string_view where) const;
};

/// chat.json: the chat template a checkpoint was trained with, and its generation defaults.
struct ChatConfig {
  /// The name of a chat template plugin; none when the checkpoint states none that is known.
  std::optional<std::string> templateName;
  /// The checkpoint's own Jinja template, if it is not one that a template plugin renders.
  std::optional<std::string> source;
  /// Options for the template plugin, by name; for the plugin `jinja` where there is a `source`.
  std::vector<std::pair<std::string, std::string>> options;
  GenerationDefaults generation;

  bool operator==(const ChatConfig &) const = default;

  nlohmann::ordered_json toJson() const;
  static StatusOr<ChatConfig> fromJson(const Json &value, const std::string &where);
};

} // namespace cria
