// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Opens a folder in Hugging Face format: config.json, model.safetensors or model.safetensors.index.json with
// its shards, tokenizer.model, and where present generation_config.json, tokenizer_config.json,
// added_tokens.json and chat_template.jinja.
#pragma once

#include "frontends/Checkpoint.h"

namespace cria::huggingface {

struct OpenOptions {
  /// Refuse a checkpoint without tokenizer.model.
  bool requireTokenizer = true;
};

/// Errors: notFound, io, invalidArgument (damaged or inconsistent), unsupported (named). A message names the
/// file, the tensor or member, what was expected and what was found.
StatusOr<Checkpoint> openCheckpoint(const std::string &folder, const OpenOptions &options = {});

} // namespace cria::huggingface
