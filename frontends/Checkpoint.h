// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An opened and checked checkpoint, whatever its format: the model's configuration, and where each tensor
// lies. Opening reads headers only; tensor data stays on disk until the weights are written.
#pragma once

#include "format/AddedToken.h"
#include "format/ModelConfig.h"
#include "format/Safetensors.h"
#include "support/Status.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cria {

/// A tensor of a checkpoint: an entry of one of its files, both kept alive by the Checkpoint.
struct CheckpointTensor {
  const SafetensorsFile *file = nullptr;
  const SafetensorsEntry *entry = nullptr;
};

/// Immutable once opened; any number of threads may read.
struct Checkpoint {
  std::string path;
  ModelConfig config;
  ChatConfig chat;
  /// The SentencePiece model; empty when the checkpoint has none.
  std::string tokenizerPath;
  /// Tokens stated beside that model, by id; those that it has too among them.
  std::vector<AddedToken> addedTokens;
  /// The type that holds most elements: what weights are compiled to unless asked otherwise.
  ElementType weightType = ElementType::f32;
  /// Set when positions from `context` on would need what is not implemented; says what, for a message.
  std::optional<std::string> contextLimitReason;
  /// Things the user should know: defaults taken, files ignored.
  std::vector<std::string> notes;

  /// Tensors by Hugging Face name: exactly those of expectedTensors(config).
  std::map<std::string, CheckpointTensor, std::less<>> tensors;
  std::vector<std::shared_ptr<const SafetensorsFile>> files;
};

/// A tensor that a configuration needs: its Hugging Face name and shape.
struct ExpectedTensor {
  std::string name;
  std::vector<int64_t> shape;
};

/// In forward order: embedding, layers, final norm, and the output matrix unless it is tied.
std::vector<ExpectedTensor> expectedTensors(const ModelConfig &config);

} // namespace cria
