// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The vocabulary for tests of samplers and chat templates: <unk>, BOS, EOS, three more control tokens, the
// 256 bytes, and words up to the size of LLaMA 2's vocabulary.
#pragma once

#include "runtime/text/Tokenizer.h"
#include "runtime/text/Vocabulary.h"

namespace cria::conformance {

inline constexpr uint32_t kTestVocabularySize = 32000;
inline constexpr int32_t kTestBos = 1, kTestEos = 2;

/// Both live until the process ends. Thread-safe.
const Tokenizer &testTokenizer();
const Vocabulary &testVocabulary();

} // namespace cria::conformance
