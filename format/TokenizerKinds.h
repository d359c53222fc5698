// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The kinds of tokenizers, as checkpoints and manifests name them (PackageTokenizer::kind).
#pragma once

#include <string_view>

namespace cria {

/// The tokenizer.model of LLaMA 2.
inline constexpr std::string_view kSentencePieceKind = "sentencepiece";

} // namespace cria
