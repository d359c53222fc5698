// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The tokenizer kind "sentencepiece": the tokenizer.model of LLaMA 2.
#pragma once

#include "runtime/text/Tokenizer.h"

namespace cria {

/// Loads a tokenizer from the bytes of a SentencePiece model, which are copied and may be hostile: they are
/// checked, and SentencePiece itself sees only a model that is rebuilt from the checked fields. `where` names
/// the file in errors. Errors: invalidArgument, unsupported.
StatusOr<std::unique_ptr<Tokenizer>> loadSentencePieceTokenizer(std::string_view model,
                                                                std::string_view where);

} // namespace cria
