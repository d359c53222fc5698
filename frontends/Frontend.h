// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Frontend: a checkpoint format. A frontend opens checkpoints of its format and maps each weight of the
// model to the tensor that it is made from. Implemented by the folders below this one; the table of all
// frontends is frontends/FrontendRegistry.cpp. See docs/adding-a-frontend.md.
#pragma once

#include "frontends/Checkpoint.h"
#include "frontends/LlamaTensors.h"
#include "support/Status.h"

#include <string>
#include <string_view>

namespace cria {

struct OpenOptions {
  /// Refuse a checkpoint without a tokenizer.
  bool requireTokenizer = true;
  /// Open the configuration and the tokenizer alone; `Checkpoint::tensors` is then null.
  bool onlyTokenizer = false;
};

/// How a weight of the model is made from a tensor of a checkpoint.
struct TensorRecipe {
  /// The name of the tensor in the checkpoint.
  std::string tensor;
  /// The number of heads whose rows the checkpoint stores in interleaved rotary pairs (0, 1), (2, 3), ...;
  /// the graph rotates the two halves of a head, so the rows are permuted. 0: the rows are in the order of
  /// the graph.
  int64_t interleavedHeads = 0;
};

/// Immutable and thread-safe; lives as long as the process.
class Frontend {
public:
  virtual ~Frontend() = default;

  /// The name of the format, e.g. "huggingface".
  virtual std::string_view name() const = 0;
  /// A description of the paths that it accepts, for messages: "a folder with config.json, ...".
  virtual std::string_view description() const = 0;

  /// True if `path` looks like a checkpoint of this format. Reads nothing but names and first bytes.
  virtual bool accepts(const std::string &path) const = 0;

  /// Opens and checks a checkpoint. REQUIRES: accepts(path).
  /// Errors: notFound, io, invalidArgument (damaged or inconsistent), unsupported (the feature is named). A
  /// message names the file, the tensor or member, what was expected and what was found.
  virtual StatusOr<Checkpoint> open(const std::string &path, const OpenOptions &options) const = 0;

  /// Returns how the weight `tensor` of a model with `config` is made.
  virtual TensorRecipe recipe(LlamaTensor tensor, const ModelConfig &config) const = 0;
};

} // namespace cria
