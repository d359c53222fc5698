// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The files of a checkpoint that concern text: the tokenizer, its tokens, the chat template and the settings
// of generation.
#pragma once

#include "frontends/Frontend.h"

namespace cria::huggingface {

/// Reads what the checkpoint states about tokens, chats and generation. REQUIRES: the vocabulary size is
/// known. Errors: invalidArgument, io, unsupported (a file that was not downloaded).
Status readTextFiles(Checkpoint &checkpoint);

/// Reads the file of the tokenizer. Errors: also notFound, unless `options` does not require a tokenizer.
Status readTokenizerModel(const OpenOptions &options, Checkpoint &checkpoint);

} // namespace cria::huggingface
