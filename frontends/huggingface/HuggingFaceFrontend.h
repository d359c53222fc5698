// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Checkpoints in Hugging Face format: a folder with config.json, with model.safetensors or
// model.safetensors.index.json and its shards, with tokenizer.model, and optionally with
// generation_config.json, tokenizer_config.json, added_tokens.json and chat_template.jinja.
#pragma once

#include "frontends/Frontend.h"

namespace cria::huggingface {

/// The frontend "huggingface".
const Frontend &frontend();

} // namespace cria::huggingface
