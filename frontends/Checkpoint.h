// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An opened and checked checkpoint of any format: the configuration of the model, its tokenizer and
// chat data, and a reader of its tensors. Tensor data stays on disk until the weights are written.
#pragma once

#include "format/ModelConfig.h"
#include "format/StatedTokens.h"
#include "format/TensorReader.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cria {

class Frontend;

/// The tokenizer of a checkpoint.
struct TokenizerData {
  /// One of the kinds in format/TokenizerKinds.h.
  std::string kind;
  /// The name of its file in packages, e.g. "tokenizer.model".
  std::string file;
  /// The content of that file; empty when the checkpoint has no tokenizer.
  std::string model;
  /// The path of the file that it was read from, for messages.
  std::string where;
  /// What other files of the checkpoint state about its tokens.
  StatedTokens tokens;
};

/// Immutable once opened, and thread-safe then.
struct Checkpoint {
  std::string path;
  ModelConfig config;
  ChatConfig chat;
  TokenizerData tokenizer;
  /// The format that holds most elements: what weights are compiled to unless another one is requested.
  WeightFormat weights = WeightFormat::f32;
  /// Set when contexts longer than `config.context` need an unsupported feature; names it, for a message.
  std::optional<std::string> contextLimitReason;
  /// Messages for the user: defaults that were used, settings that were ignored.
  std::vector<std::string> notes;

  /// The frontend that opened it, whose recipes describe how weights are made from `tensors`.
  const Frontend *frontend = nullptr;
  /// Exactly the tensors that the recipes of `frontend` name.
  std::shared_ptr<const TensorReader> tensors;
};

/// Checks that `tensors` are exactly those that the recipes of `frontend` name, each in a weight
/// format and with the shape that `config` gives it. `path` is the checkpoint, for messages.
/// Errors: invalidArgument (missing, another shape); unsupported (no weight format, unknown tensor).
Status checkTensors(const Frontend &frontend, const ModelConfig &config, const TensorReader &tensors,
                    const std::string &path);

/// The format that holds most elements of `tensors`; f32 when there are none.
WeightFormat mostFrequentFormat(const TensorReader &tensors);

} // namespace cria
