// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The vocabulary that samplers and chat templates are tested with: unk, BOS, EOS, two more control tokens,
// the 256 bytes, and enough pieces to be as large as LLaMA 2's.
#pragma once

#include "runtime/text/Tokenizer.h"
#include "runtime/text/Vocabulary.h"

namespace cria::conformance {

inline constexpr uint32_t kTestVocabularySize = 32000;
inline constexpr int32_t kTestBos = 1, kTestEos = 2;

const Tokenizer &testTokenizer();
const Vocabulary &testVocabulary();

} // namespace cria::conformance
